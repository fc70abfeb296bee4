package console

import (
	"slices"
	"strings"
)

// option is what may stand anywhere among the words of a command.
type option struct {
	word   string
	es, en string
	values string // what comes after it: a|b|c, or what stands for it
}

// options is the table; which of them a command has stands in its row.
var options = []option{
	{"--json", "en JSON", "as JSON", ""},
	{"--check", "sale con 1 si algo está mal", "exit with 1 if anything is wrong", ""},
	{"--once", "una sola vez", "once only", ""},
	{"-f", "también lo que llegue", "what comes as well", ""},
	{"--follow", "también lo que llegue", "what comes as well", ""},
	{"--level", "de este nivel para arriba", "of this level and above", "debug|info|warn|error"},
	{"--since", "de este tiempo acá", "not older than this", "10m"},
	{"--list", "solo dice qué llevaría", "only say what would be in it", ""},
	{"--encrypt", "con frase de paso", "with a passphrase", ""},
	{"--book", "con el libro", "with the book", ""},
	{everyOption, "idioma de la respuesta", "language of the answer", "es|en"},
}

// everyOption is the one that each command has.
const everyOption = "--lang"

// of reports whether c has the option.
func (o *option) of(c *command) bool {
	return o.word == everyOption || slices.Contains(strings.Fields(c.options), o.word)
}

// apart takes the options out of words. open is the last of them where its value is
// still to come.
func apart(all []string) (words, typed []string, open *option) {
	for _, w := range all {
		if open != nil { // this is its value
			open = nil
			continue
		}
		name, _, glued := strings.Cut(w, "=")
		at := slices.IndexFunc(options, func(o option) bool { return o.word == name })
		switch {
		case at < 0:
			words = append(words, w)
			continue
		case options[at].values != "" && !glued:
			open = &options[at]
		}
		typed = append(typed, name)
	}
	return words, typed, open
}

// values are what may come after an option, for the beginning part.
func values(o *option, part string) (out []choice) {
	list := strings.Split(o.values, "|")
	if len(list) == 1 {
		return []choice{stands(o.values, o.es, o.en)}
	}
	for _, v := range list {
		if strings.HasPrefix(v, part) {
			out = append(out, said(v, o.es, o.en))
		}
	}
	return out
}
