package console

import (
	"slices"
	"strings"

	"github.com/centralita/centralita/firmware/console/edit"
	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/firmware/view"
)

// choice is one word that may come next.
type choice struct {
	word   string
	es, en string
	real   bool // it can be typed as it is; else it stands for something
	whole  bool // it ends the name of a command
}

// said is a word that is typed as it is; stands one that stands for something.
func said(word, es, en string) choice   { return choice{word: word, es: es, en: en, real: true} }
func stands(word, es, en string) choice { return choice{word: word, es: es, en: en} }

// next returns what may come after the text before the cursor, for someone of a role,
// and the beginning of the word that is being typed. v may be nil.
func next(before string, role tel.Role, v *view.Snapshot) (choices []choice, part string) {
	words := strings.Fields(before)
	if len(words) > 0 && !strings.HasSuffix(before, " ") {
		part, words = words[len(words)-1], words[:len(words)-1]
	}
	words, typed, open := apart(words)
	if open != nil {
		return values(open, part), part
	}
	var whole *command // that is complete, the one with the longest name
	add := func(c choice) {
		at := slices.IndexFunc(choices, func(o choice) bool { return o.word == c.word })
		switch {
		case !strings.HasPrefix(c.word, part) && c.real || !c.real && part != "":
		case at < 0:
			choices = append(choices, c)
		case c.whole: // it is a command by itself as well
			choices[at] = c
		case choices[at].es != c.es && !choices[at].whole: // several commands begin with this word
			choices[at].es, choices[at].en = "…", "…"
		}
	}
	for i := range commands {
		c := &commands[i]
		name := strings.Fields(c.name)
		switch {
		case c.role > role:
		case len(words) < len(name):
			if slices.Equal(words, name[:len(words)]) {
				add(choice{name[len(words)], c.es, c.en, true, len(name) == len(words)+1})
			}
		case slices.Equal(words[:len(name)], name):
			if whole == nil || len(name) > len(strings.Fields(whole.name)) {
				whole = c
			}
			for _, o := range argument(c, words[len(name):], v) {
				add(o)
			}
		}
	}
	if whole != nil && strings.HasPrefix(part, "-") {
		for i := range options {
			o := &options[i]
			if o.of(whole) && !slices.Contains(typed, o.word) {
				add(said(o.word, o.es, o.en))
			}
		}
	}
	if len(words) == 0 {
		add(said("help", "las órdenes", "the commands"))
	}
	return choices, part
}

// enter says that nothing more has to come.
var enter = stands("<Enter>", "eso es todo", "that is all")

// argument is what may come as the argument after those that are there.
func argument(c *command, have []string, v *view.Snapshot) (out []choice) {
	n := len(have)
	if n >= c.least && n <= c.most { // more are another command's
		out = append(out, enter)
	}
	if n >= c.most {
		return out
	}
	spec := strings.Fields(c.args)
	if c.name == "line" && n > 0 {
		return lineArgument(have[1:])
	}
	if n >= len(spec) {
		return out
	}
	return append(out, words(c, strings.Trim(spec[n], "[]"), v)...)
}

// lineArgument is what may come after `line ID`.
func lineArgument(have []string) (out []choice) {
	if len(have) == 0 {
		out = append(out, enter)
		for _, verb := range lineVerbs {
			out = append(out, said(verb.name, verb.es, verb.en))
		}
		return out
	}
	for _, verb := range lineVerbs {
		if verb.name != have[0] {
			continue
		}
		if len(have) > verb.least {
			out = append(out, enter)
		}
		if spec := strings.Fields(verb.args); len(have)-1 < len(spec) {
			out = append(out, stands(strings.Trim(spec[len(have)-1], "[]"), verb.es, verb.en))
		}
	}
	return out
}

// words are what stands for a word of a command's arguments: those of a|b|c, names of
// the house, or the word itself.
func words(c *command, spec string, v *view.Snapshot) (out []choice) {
	if spec == strings.ToLower(spec) && !strings.ContainsAny(spec, "…=") {
		for w := range strings.SplitSeq(spec, "|") {
			out = append(out, said(w, c.es, c.en))
		}
		return out
	}
	if v != nil {
		switch {
		case spec == "ID" && c.name == "line":
			for _, l := range v.Lines {
				out = append(out, said(string(l.ID), string(l.Number), string(l.Number)))
			}
		case spec == "NAME" && strings.HasPrefix(c.name, "agent "):
			for _, a := range v.Agents {
				out = append(out, said(string(a.ID), safe(a.Name), safe(a.Name)))
			}
		case spec == "EXT":
			for _, p := range v.Phones {
				out = append(out, said(string(p.Ext), safe(p.Name), safe(p.Name)))
			}
		case spec == "EXT|all":
			for _, p := range v.Phones {
				if p.Port == "" {
					out = append(out, said(string(p.Ext), safe(p.Name), safe(p.Name)))
				}
			}
			out = append(out, said("all", "todos", "all of them"))
		case spec == "QUEUE":
			for _, q := range v.Queues {
				out = append(out, said(string(q.ID), safe(q.NameES), safe(q.NameEN)))
			}
		}
	}
	if out == nil {
		out = []choice{stands(spec, c.es, c.en)}
	}
	return out
}

// picture is what names of the house are taken from; nil for whom they are no matter.
func (s *shell) picture() *view.Snapshot {
	if s.c.d.View == nil || s.who.Role == tel.Nobody {
		return nil
	}
	return s.c.d.View()
}

// help says below the line what may come next.
func (s *shell) help() {
	choices, _ := next(s.ed.Before(), s.who.Role, s.picture())
	s.ed.Leave()
	_ = s.write(s.ed.Output()) // broken keeps the error
	switch {
	case len(choices) == 0:
		s.say("%s", s.t("Nada que se conozca.", "Nothing that is known."))
	case len(choices) > s.rows-3:
		s.list(choices)
	default:
		for _, c := range choices {
			s.say("  %s %s", cell(c.word, 16), s.t(c.es, c.en))
		}
	}
	s.ed.Resume()
}

// list writes the words in columns.
func (s *shell) list(choices []choice) {
	w := 0
	for _, c := range choices {
		w = max(w, edit.Columns(c.word)+2)
	}
	per := max(1, (s.cols-1)/w)
	for row := range slices.Chunk(choices, per) {
		var b strings.Builder
		for _, c := range row {
			b.WriteString(cell(c.word, w))
		}
		s.say("%s", strings.TrimRight(b.String(), " "))
	}
}

// complete finishes the word as far as there is but one way.
func (s *shell) complete() {
	choices, part := next(s.ed.Before(), s.who.Role, s.picture())
	choices = slices.DeleteFunc(choices, func(c choice) bool { return !c.real })
	switch {
	case len(choices) == 0:
		s.ed.Bell()
		return
	case len(choices) == 1:
		s.ed.Insert(choices[0].word[len(part):] + " ")
		return
	}
	common := choices[0].word
	for _, c := range choices {
		for !strings.HasPrefix(c.word, common) {
			common = common[:len(common)-1]
		}
	}
	common = strings.ToValidUTF8(common, "")
	if len(common) > len(part) {
		s.ed.Insert(common[len(part):])
		return
	}
	s.ed.Leave()
	_ = s.write(s.ed.Output()) // broken keeps the error
	s.list(choices)
	s.ed.Resume()
}
