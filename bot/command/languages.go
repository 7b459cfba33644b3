package command

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// Words of the grammar that stand for phrases.
const (
	unneeded = "unneeded" // the group needs it no more
	returned = "returned" // the group gives it back
	sameAs   = "same as"  // what another group has
	briefly  = "briefly"  // for a time that is not said
	besides  = "also"     // what the group has stays
	nothing  = "the"      // a filler
)

// phrases are what people say in several words, by the word of the grammar that says it.
var phrases = func() map[string]string {
	all := make(map[string]string)
	for means, others := range map[string][]string{
		"limit": {"capped at", "capped to", "be capped at"},
		nothing: {
			"from now on", "to use", "to get", "to have", "to try", "as soon as possible", "if possible", "in advance",
			"any more", "any longer", "por adelantado", "ab sofort", "de suite", "access to", "let's say", "would do",
			"would be enough", "will do", "the following", "with immediate effect", "w.e.f. immediate effect",
			"w.e.f immediate effect", "immediate effect", "effective immediately", "very urgent", "until then", "till then",
			"a period of",
			"the period of", "a duration of", "provide access of", "of them", "request you to", "of course", "may use",
			"may have", "can use", "can have", "be grateful for", "really do with", "end up with", "to keep",
			"do the needful", "do the needful and",
		},
		besides: {
			"leave everything else as it is", "leave everything else", "leave the rest as it is", "leave the rest",
			"keep everything else", "keep the rest", "and keep the rest", "rest stays", "the rest stays", "others stay",
			"the others stay", "as well", "keep the others",
		},
		"hello": {
			"dear all", "hi all", "hello all", "guten tag", "guten morgen", "good morning", "morning all", "buenos días",
			"buenos dias", "buenas tardes", "buenas", "buongiorno a tutti", "good day", "good afternoon", "good mrng",
			"gm all", "sorry to bother", "sorry to bother you", "quick one", "quick question", "quick request",
		},
		"regards": {
			"kind regards", "best regards",
		},
		"thanks": {
			"many thanks", "thanks a lot", "thanks so much", "thanks very much", "thank you very much", "thank you so much",
			"thanks a million", "thanks a bunch", "vielen dank", "danke schön", "besten dank", "merci beaucoup",
			"muchas gracias", "cheers mate",
		},
		"please": {
			"kindly process", "please process", "would be awesome", "would be great", "would be nice", "would be lovely",
			"would be super", "would be perfect",
			"that would be great", "that would be awesome", "that would be nice",
			"make sure that", "make sure", "ensure that", "see to it that", "be grateful if", "be very grateful if",
			"i wonder if", "i wonder whether", "i was wondering if", "would appreciate",
			"would like to have", "would like to keep", "would like", "should like", "would love",
			"i would like that", "we would like that", "i'd like", "i would like", "we'd like", "we would like",
			"it would be great if", "would be great if",
			"is it possible to", "it be possible to", "is it possible that", "it be possible that", "it be possible for",
			"any chance of", "any chance that", "is there any chance", "is there a chance", "s'il vous plaît",
			"s'il vous plait",
			"s'il te plaît", "por favor", "per favore", "il faudrait", "il faut",
		},
		unneeded: {
			"no longer needed", "no longer required", "no longer used", "not needed any more", "not needed anymore",
			"not required any more", "not required anymore", "not reqd any more", "not reqd anymore",
			"n'a plus besoin", "n'ont plus besoin", "plus besoin", "non serve più", "no longer", "nicht mehr", "ya no",
			"niet meer nodig",
			"niet langer nodig", "niet meer", "niet nodig", "nicht benötigt",
			"not used", "never used", "not in use", "doesn't need", "does not need", "don't need", "isn't using", "isnt using",
			"is not using", "not using",
			"do not need", "doesn't use", "does not use", "don't use", "do not use", "kann weg", "können weg", "kan weg",
			"kunnen weg", "can go", "no more",
		},
		returned: {
			"give back", "gives back", "giving back", "hand back", "hands back", "free up", "frees up",
		},
		sameAs: {
			"the same as", "same as",
		},
		briefly: {
			"for a while", "for now", "for some time", "for the time being", "short term", "on temporary basis",
			"on a temporary basis",
		},
		"forever": {
			"sans date de fin", "sans fin", "ohne enddatum", "ohne ende", "senza scadenza", "sin fecha de fin",
			"zonder einddatum", "no end date", "no end", "without end date", "without end", "no expiry", "without expiry",
			"no time limit", "without time limit", "on permanent basis", "on a permanent basis",
		},
		"unlimited": {
			"without limit", "no limit", "without a limit", "unlimited seats", "unlimited users", "no seat limit",
			"without seat limit", "without a seat limit",
		},
		"until": {
			"for the period until", "for the time until", "to be valid until", "valid to", "valid until", "valid till",
			"valid thru", "valid through", "limited until", "end date", "expiry date", "up to and including",
			"up until", "up till", "fino a", "fino al", "fino alla", "tot en met",
		},
		WordEmpty: {
			"with no licenses", "with no licences", "without any licenses", "without any licences", "without licenses",
			"with no codes", "with nothing", "without codes", "without any codes",
		},
		"exactly": {
			"nothing but", "nothing other than", "no more and no less than",
			"keep only", "only keep", "keeps only", "only keeps",
			"exactly these", "just these", "rest can go", "others can go", "drop the rest", "remove the rest",
			"drop everything else", "remove everything else", "delete the rest",
			"everything else can go", "the rest can go",
		},
		"6":      {"half a dozen"},
		"12":     {"a dozen"},
		"24":     {"two dozen"},
		"either": {"one of", "any of", "one out of"},
		"remove": {"get rid of", "dar de baja"},
		"add":    {"set up", "sign up", "sort out", "sort me out with"},
		"need":   {"just need", "just needs"},
		"12/24":  {"christmas eve", "xmas eve"},
		"12/31":  {"new year's eve"},
		"max": {
			"no more than", "not more than",
		},
		"to": {
			"down to",
		},
		"only": {
			"nothing else", "sonst nichts", "sonst nix", "nur noch", "no others", "no other", "nothing more",
		},
		"instead": {
			"instead of", "in place of",
		},
		"or": {
			"no wait", "wait no", "i mean", "i meant", "or rather", "no sorry", "sorry no", "scratch that", "better yet",
			"my mistake", "my bad", "oh no", "or maybe", "or better",
		},
		"sorry": {
			"make it", "make that",
		},
		"because": {
			"parce que",
		},
		"since": {
			"due to", "in order to", "so that",
		},
		"help": {
			"hoe werkt dit", "hoe werkt het", "wie funktioniert das", "wie geht das", "comment ça marche", "cómo funciona",
			"come funziona",
		},
		"ticket": {
			"ticket no", "ticket number", "ref no", "req no", "incident no", "case no", "request no",
		},
		string(VerbStatus): {
			"any update on", "any updates on", "any news on", "any update", "any updates", "any news", "update on",
			"what about",
		},
		"clear": {
			"clear out",
		},
		"eod": {
			"end of day",
		},
		"starting": {
			"as of",
		},
		"inclusive": {
			"at the latest", "at latest",
		},
		"later": {
			"further on", "not now", "not yet",
		},
	} {
		for _, words := range others {
			all[strings.ReplaceAll(words, "'", "")] = means // many leave it out
		}
	}
	return all
}()

// longestPhrase is how many words a phrase has at most.
const longestPhrase = 6

// translations are words of other languages, and the word of the grammar that each stands
// for. A word of two meanings is left out.
var translations = func() map[string]string {
	all := make(map[string]string)
	for line := range strings.Lines(foreignWords) {
		english, others, _ := strings.Cut(line, ": ")
		for other := range strings.FieldsSeq(others) {
			all[other] = english
		}
	}
	return all
}()

const foreignWords = `please: bitte gerne gern svp ください お願いします graag alstublieft aub proszę stp mal
thanks: danke merci gracias bedankt grazie obrigado obrigada dank
hello: hallo bonjour hola hej ciao olá moin servus salut
for: für fuer pour para por during voor per dla för
until: bis jusqu'au jusqu'à hasta tot até t/m
because: weil wegen porque omdat wegens perché ponieważ eftersom
reason: grund raison
and: und et と e oraz och
get: bekommen bekommt kriegen kriegt erhalten erhält recevoir recibir
in: bei
with: mit avec con w/
need: braucht brauchen brauche benötigt benötigen benoetigt besoin necesita necesitan necesito necesitamos が必要です
need: nodig serve servono precisa precisamos preciso potrzebuje potrzebujemy behöver faudrait faut bräuchte
need: bräuchten
want: möchte möchten moechte quiero queremos hätte hätten vorremmo vorrei queria gostaria wil willen
from: von vom aus から
to: zu zur zum à au aux al に へ
of: de du des del の
the: der die das den dem le la les el los las を は が
a: ein eine einen einer un une una
or: oder ou
in: im en dans
i: ich je
we: wir nous
team: équipe equipo
have: haben
has: hat
back: zurück
can: darf dürfen puede kannst könnte könnten könntest kan kunnen può puoi pode peux peut pouvez
can: könnt peux-tu pouvez-vous pourriez-vous pourrais-tu
add: hinzufügen hinzu geben gib ajouter ajoute ajoutez donner donnez attribuer agregar añadir asignar dar 追加
add: toevoegen geef aggiungere aggiungi adicionar adicione dodaj gebt
remove: entfernen entferne löschen lösche entziehen supprimer supprimez retirer retirez enlever enlevez verwijder
remove: verwijderen rimuovere rimuovi togliere togli remover remova usuń nimm nehmt streichen streiche kündigen
remove: quitar eliminar borrar 削除
group: gruppe groupe grupo グループ groep gruppo
license: lizenz licencia ライセンス licentie licenza licença licencję
licenses: lizenzen licencias licenties licenze licenças
forever: dauerhaft unbefristet toujours siempre définitivement permanente definitivamente
want: souhaite souhaitons voudrais voudrait aimerais
get: krijgen krijgt ricevere
should: soll sollen sollte sollten doit
exactly: genau exactement exactamente esattamente precies
only: nur seulement solo solamente alleen uniquement
instead: statt anstatt
seats: plätze plaetze sitze puestos asientos posti plaatsen lugares miejsca
users: benutzer nutzer utilisateurs usuarios utenti gebruikers
people: leute personen personnes personas persone
extend: verlängern verlängere verlängert prolonger prolongez prolongar verlengen prorogare
show: zeig zeige montre montrez muestra mostra toon
who: wer qui quién
approve: genehmigen genehmigt approuver aprobar
withdraw: zurückziehen zurücknehmen stornieren annuler annullare annuleren
license: lic
licenses: lics
people: ppl pax
should: shd
tomorrow: tmrw tmr
you: u ihr
from: frm
required: reqd
seats: nos postes
because: bcoz becoz
starting: wef w.e.f
need: require requires requiring
why: warum wieso weshalb pourquoi waarom
free: frei libre libres vrij
denied: abgelehnt afgewezen refusé
cancel: storno
temporary: befristet vorübergehend temporär tijdelijk temporaire temporal temporaneo
early: früher vorzeitig
move: umziehen
swap: tauschen tausche austauschen
against: gegen
set: setze setzen
request: beantragen beantrage
increase: erhöhen erhöhe
withdraw: zieh ziehe
unlimited: unbegrenzt unlimitiert illimité ilimitado
pcs: stk stück
because: wg wg.
year-end: jahresende
month-end: monatsende
12/24: heiligabend nochebuena
12/31: silvester nochevieja
cancel: annule annulez storniere
end: terminer termine beenden beende terminar terminare beëindigen
list: liste lijst
which: quelles quels quelle quel welche welchen welke
limit: limiter begrenzen begrenze limitar limitare beperken
for: pendant durante
i: j'ai
empty: vider leeren leere vaciar svuotare
requests: anfragen anträge solicitudes richieste aanvragen
request: antrag anfrage solicitud richiesta aanvraag
my: mein meine meinen mijn mis
of: des
move: transférer verschieben verschiebe trasferire
replace: reemplazar reemplaza remplacer remplace ersetzen ersetze sostituire vervangen
me: mir
us: uns
all: alle tous toutes todos todas tutti tutte
each: jeweils
next: nächsten nächste prochain próximo
hours: stunde stunden heure heures hora horas 時間 uur ore ora
days: tag tage tagen jour jours día días dia dias 日間 dagen giorno giorni
weeks: woche wochen semaine semaines semana semanas 週間 weken settimana settimane
months: monat monate monaten mois mes meses ヶ月 か月 maand maanden mese mesi mês
years: jahr jahre jahren ans año años 年間 jaar anno anni ano anos
today: heute aujourd'hui hoy vandaag oggi hoje
tomorrow: morgen demain mañana domani amanhã
monday: montag lundi lunes maandag lunedì segunda
tuesday: dienstag mardi martes dinsdag martedì terça
wednesday: mittwoch mercredi miércoles woensdag mercoledì quarta
thursday: donnerstag jeudi jueves donderdag giovedì quinta
friday: freitag vendredi viernes vrijdag venerdì sexta
saturday: samstag samedi sábado zaterdag sabato
sunday: sonntag dimanche domingo zondag domenica
january: januar janvier enero januari gennaio janeiro
february: februar février febrero februari febbraio fevereiro
march: märz maerz mars marzo maart março
april: avril abril aprile
may: mai mayo mei maggio maio
june: juni juin junio giugno junho
july: juli juillet julio luglio julho
august: août aout agosto augustus
september: septembre septiembre settembre setembro
october: oktober octobre octubre ottobre outubro
november: novembre noviembre
december: dezember décembre diciembre dicembre dezembro
12: dozen
two: zwei deux dos twee dois duas dwa två
three: drei trois tres drie tre três trzy
four: vier quatre cuatro quattro quatro cztery fyra
five: fünf cinq cinco vijf cinque pięć fem
six: sechs seis zes sześć
seven: sieben siete zeven sette sete
eight: acht huit ocho otto oito
nine: neun neuf nueve negen nove
ten: zehn dix diez tien dieci
eleven: elf onze undici
twelve: zwölf zwoelf douze doce twaalf dodici doze
fifteen: fünfzehn quinze quince vijftien quindici
twenty: zwanzig vingt veinte twintig venti vinte
thirty: dreißig dreissig trente treinta dertig trenta trinta
`

// foreignNumbers are words that are numbers only before what is counted: due mesi.
var foreignNumbers = map[string]string{"due": "two", "sei": "six", "sept": "seven", "once": "eleven"}

// countedEach reports whether a word says that the number behind it is for each: je 4 Plätze.
func countedEach(tokens []word) bool {
	return tokens[0].isKeyword("je") && len(tokens) > 1 && (item{word: translated(tokens[1])}).isNumber()
}

// countedAs is the number that a word stands for before a foreign word for a time or for licenses.
func countedAs(tokens []word) string {
	if len(tokens) < 2 {
		return ""
	}
	counted := translated(tokens[1]).means
	if _, isUnit := findUnit(counted); isUnit || slices.Contains(licenseWords, counted) {
		return foreignNumbers[strings.ToLower(tokens[0].text)]
	}
	return ""
}

// compoundEnds are the last parts of words that are written as one: Tester-Lizenzen.
var compoundEnds = []string{"lizenzen", "lizenz", "licenties", "licentie"}

// splitCompound splits what a word says from the word for licenses at its end. The first part
// keeps what was typed.
func splitCompound(w word) []word {
	text := strings.ToLower(w.text)
	for _, end := range compoundEnds {
		if first, isCompound := strings.CutSuffix(text, end); isCompound && len(first) > 1 && !w.quoted {
			last := translated(word{text: end})
			return []word{{text: strings.TrimRight(w.text[:len(first)], "-"), typed: w.typed}, last}
		}
	}
	return []word{translated(w)}
}

// lengthInLetters is a length in one word, in any script.
var lengthInLetters = regexp.MustCompile(`^([0-9]{1,4})(\p{L}+)$`)

// translated is a word with its meaning, if it is a word of another language.
func translated(w word) word {
	if w.quoted || w.means != "" {
		return w
	}
	text := strings.ToLower(strings.Trim(w.text, "()"))
	if w.text == strings.ToUpper(w.text) && w.text != text && len([]rune(text)) < 4 {
		return w // a short word in capitals may be a part of a code
	}
	w.means = translations[text]
	if parts := lengthInLetters.FindStringSubmatch(text); parts != nil && translations[parts[2]] != "" {
		w.means = parts[1] + translations[parts[2]]
	}
	return w
}

// translateAll gives words their meanings.
func translateAll(words []word) []word {
	all := slices.Clone(words)
	for i := range all {
		all[i] = translated(all[i])
	}
	return all
}

// translate reads words of other languages, and phrases, as words of the grammar. What may
// be the name of a known group stays as it is.
func (r *reader) translate(tokens []word) []word {
	tokens = r.splitScripts(tokens)
	runs := r.exactRuns(tokens)
	var out []word
	for i := 0; i < len(tokens); i++ {
		n, means := phraseAt(tokens[i:])
		isName := slices.ContainsFunc(runs, func(f run) bool { return f.from < i+max(n, 1) && f.to > i })
		switch {
		case isName:
			out = append(out, tokens[i])
		case n > 0:
			words := tokens[i : i+n]
			out = append(out, word{text: joinWords(words), typed: typedText(words), means: means})
			i += n - 1
		case countedEach(tokens[i:]):
			out = append(out, word{text: tokens[i].text, typed: tokens[i].typed, means: eachWords[0]})
		case countedAs(tokens[i:]) != "":
			out = append(out, word{text: tokens[i].text, typed: tokens[i].typed, means: countedAs(tokens[i:])})
		default:
			out = append(out, splitCompound(tokens[i])...)
		}
	}
	markNoMore(out)
	return out
}

// markNoMore gives the German words around what a group needs no more their meaning: keine IDU mehr.
func markNoMore(words []word) {
	at := slices.IndexFunc(words, func(w word) bool { return w.isOneOf([]string{"kein", "keine", "keinen"}) })
	more := slices.IndexFunc(words, func(w word) bool { return w.isKeyword("mehr") })
	if at >= 0 && more > at && more-at <= longestPhrase {
		words[at].means, words[more].means = unneeded, nothing
	}
}

// phraseAt is the longest phrase that words begin with.
func phraseAt(tokens []word) (n int, means string) {
	for n := min(len(tokens), longestPhrase); n > 1; n-- {
		isQuoted := slices.ContainsFunc(tokens[:n], func(w word) bool { return w.quoted })
		text := strings.Trim(strings.ReplaceAll(strings.ToLower(joinWords(tokens[:n])), "'", ""), "()")
		if means := phrases[text]; means != "" && !isQuoted {
			return n, means
		}
	}
	return 0, ""
}

// splitScripts splits words of which one part is in Japanese, where people write no blanks.
func (r *reader) splitScripts(tokens []word) []word {
	runs := r.exactRuns(tokens)
	var out []word
	for i, w := range tokens {
		isName := slices.ContainsFunc(runs, func(f run) bool { return f.from <= i && f.to > i })
		if w.quoted || isName || !strings.ContainsFunc(w.text, isJapanese) {
			out = append(out, w)
			continue
		}
		for _, text := range splitJapanese(w.text) {
			out = append(out, word{text: text, typed: text})
		}
	}
	return out
}

func isJapanese(r rune) bool { return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana) }

// splitJapanese splits a text into words that are in the table, and what is between them. A
// number keeps the unit behind it.
func splitJapanese(text string) []string {
	var words []string
	rest := ""
	flush := func() {
		if rest != "" {
			words = append(words, rest)
		}
		rest = ""
	}
	for text != "" {
		found := ""
		for known := range translations {
			if strings.HasPrefix(text, known) && isJapanese([]rune(known)[0]) && len(known) > len(found) {
				found = known
			}
		}
		if found == "" {
			first := string([]rune(text)[0])
			rest, text = rest+first, text[len(first):]
			continue
		}
		if _, isUnit := findUnit(translations[found]); isUnit && number.MatchString(rest) {
			found = rest + found
			text, rest = rest+text, ""
		}
		flush()
		words, text = append(words, found), text[len(found):]
	}
	flush()
	return words
}
