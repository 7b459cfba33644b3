package store

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/jackc/pgx/v5"
)

// CheckURL reports what is wrong with a database URL, as far as that can be known
// without connecting. The error has no password in it.
func CheckURL(url string) error {
	scheme, rest, _ := strings.Cut(url, "://")
	switch {
	case scheme == "sqlite" && rest != "":
		return checkSQLiteName(rest)
	case scheme == "postgres" && rest != "", scheme == "postgresql" && rest != "":
		_, err := parsePostgresURL(url)
		return err
	}
	return errors.New("is not supported: use sqlite://FILE or postgres://USER:PASSWORD@HOST/DATABASE")
}

var percentEncoded = regexp.MustCompile(`%[0-9A-Fa-f]{2}`)

// checkSQLiteName refuses what other programs' URLs of SQLite have. It would become
// a part of the file's name, and the bot would start on an empty database.
func checkSQLiteName(name string) error {
	info, err := os.Stat(name)
	isFolder := err == nil && info.IsDir() || strings.HasSuffix(name, "/")
	switch {
	case strings.Contains(name, "?"):
		return errors.New("has parameters: a SQLite URL has none here; leave out the ? and what follows it")
	case strings.Contains(filepath.Ext(name), "#"): // it may stand before the ending, as in "bot #1.db"
		return errors.New("has a # after the file's ending: a SQLite URL has no fragment; leave out the # and what follows")
	case strings.Contains(name, `\`):
		return errors.New(`has a \: write the path of a SQLite file with / alone`)
	case percentEncoded.MatchString(name):
		return errors.New("is percent-encoded: write the path of a SQLite file as it is")
	case strings.HasPrefix(name, "file:"), filepath.Base(name) == ":memory:":
		return errors.New("is not sqlite:// and a path: SQLite's own names, such as file:… and :memory:, mean nothing here")
	case isFolder:
		return fmt.Errorf("is the folder %s: name a file in it", name)
	}
	return nil
}

// passwordInPlace says that a part of the password stands in another place of the URL,
// because of a character that ends the password there; "" if none does. Errors show these
// places.
func passwordInPlace(config *pgx.ConnConfig) string {
	hosts := config.Host
	for _, other := range config.Fallbacks {
		hosts += other.Host
	}
	switch {
	case strings.Contains(config.Database, "@"), strings.Contains(hosts, "/") && strings.Contains(hosts, "@"):
		return "has a / in the password: write it percent-encoded, as %2F"
	case strings.Contains(hosts, "@"):
		return "has a @ in the password: write it percent-encoded, as %40"
	}
	return ""
}

// postgresURLError repeats why the driver does not accept a URL, without the URL and
// without what may be a piece of a password.
func postgresURLError(address string, err error) error {
	words := err.Error()
	if _, after, found := strings.Cut(words, "`: "); found { // cannot parse `URL`: words
		words = after
	}
	for _, secret := range secretPieces(address) {
		words = strings.ReplaceAll(words, secret, "…")
	}
	return fmt.Errorf("cannot be understood: %s; use postgres://USER:PASSWORD@HOST/DATABASE, "+
		"with special characters percent-encoded (%% as %%25)", words)
}

// secretPieces are the parts of a URL that may belong to a password: all between the
// first colon and the last @, and the values of such parameters.
func secretPieces(address string) []string {
	_, rest, _ := strings.Cut(address, "://")
	_, text, _ := strings.Cut(rest[:max(0, strings.LastIndex(rest, "@"))], ":")
	_, query, _ := strings.Cut(rest, "?")
	for pair := range strings.SplitSeq(query, "&") {
		if name, value, _ := strings.Cut(pair, "="); strings.Contains(strings.ToLower(name), "password") {
			text += "/" + value
			if plain, err := url.QueryUnescape(value); err == nil {
				text += "/" + plain
			}
		}
	}
	pieces := strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune("/?#:@&=%", r) })
	long := pieces[:0]
	for _, piece := range pieces {
		if len(piece) > 2 { // shorter ones are in any words
			long = append(long, piece)
		}
	}
	return long
}
