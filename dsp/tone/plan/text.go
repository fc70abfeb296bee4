package plan

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Limits of what can be written in a text.
const (
	maxText    = 1 << 14 // bytes
	maxBursts  = 16
	maxMs      = 60_000
	minHz      = 100
	maxHz      = 3900
	minDBm0    = -60
	maxDBm0    = 3
	maxPartial = 4
)

// Text returns the plan as text, one line a signal, which Parse reads back:
//
//	country ES
//	dial 425@-10
//	busy 425@-10 200/200
//	busy 425@-10 300/200 also
//	confirm 425@-10 100/100/100/100 once
//	info 950>1400>1800@-10 330/30/330/30/330/1000
//	ringback 440+480@-19 2000/4000
//	ring 2000/4000
//	unsure what stands here without a source
//
// A signal is its frequencies in Hz, sounded together (+) or burst after burst
// (>), the level of each in dBm0, and milliseconds on, off, on, off …; without
// them it is continuous. "also" marks a second form, "once" one that is not
// repeated. What follows # is a remark.
func (p Plan) Text() string {
	var b strings.Builder
	if p.Country != "" {
		fmt.Fprintf(&b, "country %s\n", p.Country)
	}
	for k := range NumKinds {
		if s := p.Signals[k]; s.Known() {
			fmt.Fprintf(&b, "%s %s\n", k, s)
		}
	}
	for _, o := range p.Others {
		fmt.Fprintf(&b, "%s %s also\n", o.Kind, o.Signal)
	}
	if len(p.Ring) > 0 {
		fmt.Fprintf(&b, "ring %s\n", cadence(p.Ring))
	}
	for _, u := range p.Unsure {
		fmt.Fprintf(&b, "unsure %s\n", u)
	}
	return b.String()
}

// String returns the signal as Text writes it, "425@-10 200/200".
func (s Signal) String() string {
	if !s.Known() {
		return ""
	}
	out := joined(s.Hz, "+")
	for _, hz := range s.Then {
		out += ">" + number(hz)
	}
	out += "@" + number(s.DBm0)
	if len(s.OnOff) > 0 {
		out += " " + cadence(s.OnOff)
	}
	if s.Once {
		out += " once"
	}
	return out
}

func number(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

func joined(hz []float64, by string) string {
	var s []string
	for _, f := range hz {
		s = append(s, number(f))
	}
	return strings.Join(s, by)
}

func cadence(onOff []int) string {
	var s []string
	for _, ms := range onOff {
		s = append(s, strconv.Itoa(ms))
	}
	return strings.Join(s, "/")
}

// Parse reads what Text writes. The error names the line.
func Parse(text string) (Plan, error) {
	var p Plan
	if len(text) > maxText {
		return p, fmt.Errorf("cannot read the plan: %d bytes are more than %d", len(text), maxText)
	}
	n := 0
	for line := range strings.Lines(text) {
		n++
		line, _, _ = strings.Cut(line, "#")
		word, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		if err := p.take(word, strings.TrimSpace(rest)); err != nil {
			return Plan{}, fmt.Errorf("cannot read line %d of the plan: %w", n, err)
		}
	}
	return p, nil
}

// take reads one line.
func (p *Plan) take(word, rest string) (err error) {
	switch word {
	case "":
	case "country":
		if len(rest) != 2 || strings.ToUpper(rest) != rest || strings.Trim(rest, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
			return fmt.Errorf("%q is no country; write two capital letters, such as ES", rest)
		}
		p.Country = rest
	case "ring":
		p.Ring, err = parseCadence(rest)
	case "unsure":
		p.Unsure = append(p.Unsure, rest)
	default:
		i := slices.Index(names[:], word)
		if i < 0 {
			return fmt.Errorf("%q is no signal; use one of %s", word, strings.Join(names[:], ", "))
		}
		rest, also := strings.CutSuffix(rest, " also")
		s, err := ParseSignal(rest)
		switch {
		case err != nil:
			return err
		case also:
			p.Others = append(p.Others, Other{Kind(i), s})
		case p.Signals[i].Known():
			return fmt.Errorf("%s stands here a second time; write also after a second form", word)
		default:
			p.Signals[i] = s
		}
	}
	return err
}

// ParseSignal reads what Signal.String writes.
func ParseSignal(text string) (s Signal, err error) {
	words := strings.Fields(text)
	if len(words) > 1 && words[len(words)-1] == "once" {
		s.Once = true
		words = words[:len(words)-1]
	}
	if len(words) == 0 || len(words) > 2 {
		return Signal{}, fmt.Errorf("%q is no signal; write it like 425@-10 200/200", text)
	}
	hz, level, ok := strings.Cut(words[0], "@")
	if !ok {
		return Signal{}, fmt.Errorf("%q has no level; write it like 425@-10", words[0])
	}
	if s.DBm0, err = between(level, minDBm0, maxDBm0, "dBm0"); err != nil {
		return Signal{}, err
	}
	bursts := strings.Split(hz, ">")
	together := strings.Split(bursts[0], "+")
	if len(together) > maxPartial || len(bursts) > maxBursts || len(bursts) > 1 && len(together) > 1 {
		return Signal{}, fmt.Errorf("%q has too many frequencies; at most %d together, or single ones burst after burst", hz, maxPartial)
	}
	for i, f := range append(together, bursts[1:]...) {
		v, err := between(f, minHz, maxHz, "Hz")
		if err != nil {
			return Signal{}, err
		}
		if i < len(together) {
			s.Hz = append(s.Hz, v)
		} else {
			s.Then = append(s.Then, v)
		}
	}
	if len(words) == 2 {
		if s.OnOff, err = parseCadence(words[1]); err != nil {
			return Signal{}, err
		}
	}
	if 2*len(s.Then) >= max(1, len(s.OnOff)) && len(s.Then) > 0 {
		return Signal{}, fmt.Errorf("%q has more frequencies than bursts", text)
	}
	return s, nil
}

func between(text string, least, most float64, unit string) (float64, error) {
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || !(v >= least && v <= most) {
		return 0, fmt.Errorf("%q is no number from %v to %v %s", text, least, most, unit)
	}
	return v, nil
}

func parseCadence(text string) (onOff []int, err error) {
	words := strings.Split(text, "/")
	if len(words)%2 != 0 || len(words) > 2*maxBursts {
		return nil, fmt.Errorf("%q is no cadence; write milliseconds on/off, at most %d pairs", text, maxBursts)
	}
	for _, w := range words {
		ms, err := strconv.Atoi(w)
		if err != nil || ms < 1 || ms > maxMs {
			return nil, fmt.Errorf("%q in the cadence is no number from 1 to %d ms", w, maxMs)
		}
		onOff = append(onOff, ms)
	}
	return onOff, nil
}
