package command

import (
	"cmp"
	"errors"
	"slices"
	"strconv"
	"strings"
)

// dropKind drops the word group behind the name of a known group.
func (r *reader) dropKind(rest []word) []word {
	last := len(rest) - 1
	if last < 1 || !rest[last].isKeyword("group") {
		return rest
	}
	whole, _, _ := joinRun(rest)
	name, _, _ := joinRun(rest[:last])
	if r.isGroup(name) && !r.isGroup(whole) {
		return rest[:last]
	}
	return rest
}

// groupAmong is the only known group that a sentence names, if the sentence itself is none.
func (r *reader) groupAmong(rest []word) []word {
	if !r.knowsGroups() {
		return rest
	}
	runs := r.maximalRuns(rest)
	isSentence := len(rest) > 0 && rest[0].isOneOf([]string{
		"me", "us", "what", "which", "the", "all", "licenses", "licences", "codes",
	})
	if len(runs) == 1 && isSentence && runs[0].from > 0 {
		return rest[runs[0].from:runs[0].to]
	}
	return rest
}

// readShow reads what is to be shown: a list, or a group.
func (r *reader) readShow(verb string, rest []word) (Command, error) {
	if several := cmp.Or(r.showAlone(rest), r.showSeveral(rest)); several != nil {
		return Command{}, several
	}
	rest = r.groupAmong(r.dropKind(rest))
	name, _, _ := joinRun(rest)
	isGroup := r.isGroup(name)
	if !isGroup {
		if c, isAny, err := r.showOther(rest); isAny {
			return c, err
		}
	}
	if r.asksForGroups(rest) {
		return r.showHolders(rest)
	}
	if verb != string(VerbShow) && (len(rest) == 0 || r.knowsGroups() && !isGroup) {
		return Command{}, r.askWhichList()
	}
	return parseShow(r.name, rest)
}

// toShow is the command that shows a group.
func (r *reader) toShow(group run) string { return r.name + " show " + QuoteGroup(group.text) }

// showAlone offers to show a group if more is asked for behind it.
func (r *reader) showAlone(words []word) *Error {
	isOther := func(w word) bool { return w.isOneOf(addVerbs) || w.isOneOf(removeVerbs) }
	at := slices.IndexFunc(words, isOther)
	if at < 1 || !r.namesGroup(words[:at]) || r.isCheck {
		return nil
	}
	return newError(r.toShow(r.exactRuns(words[:at])[0]),
		"That is more than one command. Type what is to change in one of its own.")
}

// showOther reads what is to be shown and is no group: a list, what a sentence is about, or who has a license.
func (r *reader) showOther(words []word) (c Command, isAny bool, err error) {
	if c, ok := listed(words); ok {
		return c, true, nil
	}
	if !r.isCheck {
		shown := slices.Concat([]word{{text: string(VerbShow)}}, words)
		if look, isAny, err := r.readLookup(shown); isAny {
			return look, true, err
		}
	}
	c, isAny = r.shownLicense(words)
	return c, isAny, nil
}

// showSeveral offers to show each of several groups.
func (r *reader) showSeveral(words []word) *Error {
	runs := r.maximalRuns(words)
	if !r.knowsGroups() || len(runs) < 2 || len(runs) > maxEither || r.isCheck {
		return nil
	}
	each := newError("", "One answer is about one group.")
	each.AllMeant = true
	for _, f := range runs {
		each.Either = append(each.Either, r.toShow(f))
	}
	return each
}

// shownLicense is the command that shows which groups have a license, if words are its code or
// its name, and maybe the number of a page.
func (r *reader) shownLicense(words []word) (Command, bool) {
	words, page := cutPage(words)
	name := joinWords(words)
	d := &draft{reader: r}
	codes := d.named(name)
	if license, ok := d.license(strings.ToUpper(name)); ok {
		codes = []string{license.Code}
	}
	if len(codes) != 1 {
		return Command{}, false
	}
	return Command{Verb: VerbShow, Code: codes[0], Page: page}, true
}

// askWhichList says what can be listed.
func (r *reader) askWhichList() *Error {
	question := newError("", "Say which list: the licenses of the organization, your requests, or those that wait "+
		"for approval. To look for a group, type %s alone: its form finds groups by their names.", Typed(r.name))
	question.Either = []string{r.name + " codes", r.name + " mine", r.name + " pending"}
	return question
}

// listed is the list that people ask for by this name.
func listed(rest []word) (Command, bool) {
	var named []string
	for _, w := range rest {
		if !w.isOneOf([]string{"all", "the", "my", "open", "requests"}) || w.isKeyword("my") {
			named = append(named, strings.ToLower(w.text))
		}
	}
	switch what := strings.Join(named, " "); what {
	case "codes", "licenses", "licences":
		return Command{Verb: VerbCodes}, true
	case "mine", "my":
		return Command{Verb: VerbMine, Page: 1}, true
	case "pending":
		return Command{Verb: VerbPending, Page: 1}, true
	}
	return Command{}, false
}

// parseShow reads the group to show.
func parseShow(name string, rest []word) (Command, error) {
	if len(rest) == 0 {
		return Command{}, newFill(name+" show <group>", "Say which group to show, by its id or its exact name.")
	}
	rest, page := cutPage(rest)
	for len(rest) > 1 && rest[0].isOneOf([]string{"the", "group"}) {
		rest = rest[1:]
	}
	group := joinWords(rest)
	if placeholder.MatchString(group) {
		return Command{}, newError("", "Put your own words in the place of %s.", Typed(group))
	}
	if err := checkGroup(name, group); err != nil {
		if problem, ok := errors.AsType[*Error](err); ok && problem.Fill != "" {
			problem.Fill = name + " show <group>"
		}
		return Command{}, err
	}
	return Command{Verb: VerbShow, Group: group, Page: page}, nil
}

// cutPage cuts the words "page 2" from the end. Without them the page is 0.
func cutPage(words []word) (rest []word, page int) {
	n := len(words) - 2
	if n < 1 || !words[n].isKeyword("page") || !isPage(words[n+1]) {
		return words, 0
	}
	page, _ = strconv.Atoi(words[n+1].text)
	return words[:n], page
}

// isPage reports whether a word is the number of a page.
func isPage(w word) bool {
	page, err := strconv.ParseUint(w.text, 10, 16)
	return err == nil && !w.quoted && page >= 1 && page <= maxPages
}

// parsePage reads the number of a page; without one it is the first.
func parsePage(name string, verb Verb, rest []word) (Command, error) {
	rest = slices.DeleteFunc(slices.Clone(rest), func(w word) bool {
		isOfList := w.isOneOf([]string{"approvals", "approval", "requests", "for"})
		return isOfList || (item{word: w}).isFiller() || w.isOneOf(politeWords)
	})
	if len(rest) == 0 {
		return Command{Verb: verb, Page: 1}, nil
	}
	if len(rest) == 2 && rest[0].isKeyword("page") {
		rest = rest[1:]
	}
	page, err := strconv.ParseUint(rest[0].text, 10, 16)
	if err != nil || page < 1 || page > maxPages || len(rest) > 1 {
		return Command{}, newError(name+" "+string(verb)+pageOf(verb, rest),
			"After %s comes nothing, or the number of a page from 1 to %d."+quoteGroupHint, Typed(verb), maxPages)
	}
	return Command{Verb: verb, Page: int(page)}, nil
}
