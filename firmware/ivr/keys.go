package ivr

import (
	"strings"
	"time"

	"github.com/centralita/centralita/firmware/ivr/flow"
	"github.com/centralita/centralita/firmware/tel"
)

// Waiting times of nodes that name none.
const (
	defaultTimeout = 5 * time.Second
	defaultBetween = 3 * time.Second
)

// ask says the question of an input node after intro; a key typed ahead is
// taken at once where keys stop prompts.
func (m *Machine) ask(now time.Time, intro []tel.Say, out []Effect) (string, []Effect) {
	if m.node.BargeIn && len(m.typed) > 0 {
		return m.decide(now, false, out)
	}
	says := append(append([]tel.Say(nil), intro...), m.node.Say...)
	if len(says) == 0 {
		return m.listen(now, out)
	}
	m.state = asking
	return "", m.say(now, says, out)
}

// listen waits for keys after the question, beginning with those typed ahead.
func (m *Machine) listen(now time.Time, out []Effect) (string, []Effect) {
	if len(m.typed) > 0 {
		return m.decide(now, false, out)
	}
	m.state = waiting
	m.deadline = now.Add(orElse(m.node.Timeout, defaultTimeout))
	return "", out
}

// decide acts on the keys that are there; last says that no more will come.
func (m *Machine) decide(now time.Time, last bool, out []Effect) (string, []Effect) {
	w := m.read(last)
	if w.more {
		m.state = collecting
		m.deadline = now.Add(orElse(m.node.Between, defaultBetween))
		return "", out
	}
	m.deadline = time.Time{}
	m.typed = append(m.typed[:0], m.typed[w.take:]...)
	switch {
	case w.ext != "":
		return m.hand(m.node.ID, ToExtension{w.ext}, out)
	case w.target != "" && m.node.Kind == flow.KindLanguage:
		m.lang = tel.Lang(w.target)
		return m.node.Next, append(out, Language{m.lang})
	case w.target != "":
		return w.target, out
	}
	m.invalids++
	if m.invalids >= m.node.Invalids {
		return m.node.OnInvalid, out
	}
	return m.ask(now, m.node.SayInvalid, out)
}

// word is what the keys at the front mean: more must come, or take of them are
// a choice (target), an extension, or neither: one wrong answer.
type word struct {
	more   bool
	take   int
	target string
	ext    tel.Number
}

// read finds what the keys typed mean, by the longest match. While they may
// still become a longer extension, more are waited for; so a choice that begins
// an extension is taken when the time between keys is over. When a key fits no
// more, the longest part before it that means something is taken and the rest
// stays typed ahead; # ends a number. What means nothing is one wrong answer,
// and so is a number left unfinished.
func (m *Machine) read(last bool) word {
	typed := keys(m.typed)
	fits, best := 0, word{}
	longer := false // the part that fits may become a longer extension
	for n := 1; n <= len(typed); n++ {
		w, may, fit := m.meaning(typed[:n])
		if !fit {
			break
		}
		fits, longer = n, may
		if w.take > 0 {
			best = w
		}
	}
	switch {
	case fits == len(typed) && longer && !last:
		return word{more: true}
	case fits == len(typed) && best.take == fits:
		return best
	case fits == len(typed):
		return word{take: fits}
	case longer && typed[fits] == '#' && best.take == fits:
		best.take++
		return best
	case longer && typed[fits] == '#', best.take == 0:
		return word{take: fits + 1}
	}
	return best
}

// meaning tells of the keys s alone: what they mean (take 0: nothing yet),
// whether they begin a longer extension, and whether they are or begin anything.
func (m *Machine) meaning(s string) (w word, longer, fits bool) {
	choices := m.node.Choices
	if m.node.Kind == flow.KindLanguage {
		choices = m.node.Languages
	}
	for _, c := range choices {
		if len(s) == 1 && byte(c.Key) == s[0] {
			w, fits = word{take: 1, target: c.Target}, true
			break
		}
	}
	if !m.node.Direct {
		return w, false, fits
	}
	for _, e := range m.env.Extensions {
		switch {
		case string(e) == s:
			if w.take == 0 {
				w = word{take: len(s), ext: e}
			}
			fits = true
		case strings.HasPrefix(string(e), s):
			longer, fits = true, true
		}
	}
	return w, longer, fits
}

// keys is digits as text.
func keys(digits []tel.Digit) string {
	b := make([]byte, len(digits))
	for i, d := range digits {
		b[i] = byte(d)
	}
	return string(b)
}

// orElse returns d, or def when d is none.
func orElse(d, def time.Duration) time.Duration {
	if d <= 0 {
		return def
	}
	return d
}
