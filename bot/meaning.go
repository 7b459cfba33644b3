package bot

import "licensebot/bot/command"

// MeaningOf says what people who type a word in a command mean by it, with these licenses.
// It is empty for a word without a meaning, which a pack may be called.
func MeaningOf(codes []string, codeName func(code string) (name string, ok bool)) func(word string) string {
	licenses := make([]command.License, len(codes))
	for i, code := range codes {
		name, _ := codeName(code)
		licenses[i] = command.License{Code: code, Name: name}
	}
	return func(word string) string { return command.MeaningOf(word, licenses) }
}
