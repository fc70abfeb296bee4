package line

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"
)

// Text returns the profile as JSON, which ParseProfile reads back.
func (p Profile) Text() []byte {
	b, err := json.MarshalIndent(p, "", "  ")
	if err != nil { // a level that is no number; ParseProfile accepts none
		b = []byte(fmt.Sprintf("cannot write the profile: %v", err))
	}
	return append(b, '\n')
}

// ParseProfile reads what Text writes. The error names the line and column, or the
// field, and what stands there.
func ParseProfile(text []byte) (Profile, error) {
	var p Profile
	if len(text) > mostText {
		return p, fmt.Errorf("cannot read the line profile: %d bytes are more than %d", len(text), mostText)
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&p); err != nil {
		return Profile{}, placed(text, err)
	}
	if rest := bytes.TrimSpace(text[dec.InputOffset():]); len(rest) > 0 {
		return Profile{}, fmt.Errorf("cannot read the line profile at %s: %q follows its end", place(text, dec.InputOffset()), cut(rest))
	}
	if err := p.check(); err != nil {
		return Profile{}, fmt.Errorf("cannot read the line profile: %w", err)
	}
	return p, nil
}

// placed turns what the decoder found wrong into words with a place.
func placed(text []byte, err error) error {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case len(bytes.TrimSpace(text)) == 0:
		return errors.New("cannot read the line profile: it is empty")
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return fmt.Errorf("cannot read the line profile: it breaks off at %s", place(text, int64(len(text))))
	case errors.As(err, &syntax):
		return fmt.Errorf("cannot read the line profile at %s: %w", place(text, syntax.Offset), err)
	case errors.As(err, &kind):
		return fmt.Errorf("cannot read the line profile at %s: %s cannot be a %s", place(text, kind.Offset), kind.Field, kind.Value)
	}
	if _, name, found := strings.Cut(err.Error(), "unknown field "); found {
		at := bytes.Index(text, []byte(name))
		return fmt.Errorf("cannot read the line profile at %s: there is no field %s", place(text, int64(max(at, 0))+1), name)
	}
	return fmt.Errorf("cannot read the line profile: %w", err)
}

// place returns line and column of the byte before offset, counted from 1.
func place(text []byte, offset int64) string {
	before := text[:min(max(offset-1, 0), int64(len(text)))]
	line := bytes.Count(before, []byte("\n")) + 1
	return fmt.Sprintf("%d:%d", line, len(before)-bytes.LastIndexByte(before, '\n'))
}

func cut(b []byte) []byte { return b[:min(len(b), 20)] }

// What a profile may hold at most, wherever it comes from.
const (
	mostText  = 1 << 16
	mostWord  = 100           // bytes of a value
	mostSeen  = 1_000_000_000 // so that sums stay numbers
	mostLevel = 200           // dB either way
)

// check returns what cannot be in a profile.
func (p *Profile) check() error {
	if err := p.checkCounts(); err != nil {
		return err
	}
	for _, r := range []string{p.Ring.Value, p.Ring.Odd} {
		if n, ok := numbers(r, "/"); r != "" && (!ok || len(n) != 2 || max(n[0], n[1]) > cadenceMost) {
			return fmt.Errorf("ring_cadence: %q is no bell like \"1500/3000\" of at most %d ms", r, cadenceMost)
		}
	}
	words := []word{
		{"line", p.Line}, {"caller_id_standard", p.CallerID.Value}, {"caller_id_standard", p.CallerID.Odd},
		{"dial_tone", p.DialTone.Value}, {"dial_tone", p.DialTone.Odd},
	}
	for i, t := range p.Tones {
		words = append(words, word{fmt.Sprintf("tones[%d].signal", i), t.Signal})
	}
	if p.Tuning != nil {
		words = append(words, word{"tuning.impedance", p.Tuning.Impedance})
	}
	for _, w := range words {
		if len(w.text) > mostWord {
			return fmt.Errorf("%s: %d bytes are more than %d", w.name, len(w.text), mostWord)
		}
	}
	for i, c := range p.Changes {
		words = append(words, word{fmt.Sprintf("changes[%d].what", i), c.What})
	}
	for _, w := range words {
		if strings.ContainsFunc(w.text, func(r rune) bool { return !unicode.IsPrint(r) }) {
			return fmt.Errorf("%s: %q cannot be printed", w.name, w.text)
		}
	}
	for _, g := range []struct {
		name string
		g    Gauge
	}{{"level_in_dbm0", p.LevelIn}, {"level_out_dbm0", p.LevelOut}, {"erl_db", p.ERL}, {"twist_db", p.Twist}} {
		if max(g.g.Mean, g.g.Odd) > mostLevel || min(g.g.Mean, g.g.Odd) < -mostLevel {
			return fmt.Errorf("%s: %g and %g dB are beyond ±%d", g.name, g.g.Mean, g.g.Odd, mostLevel)
		}
	}
	return nil
}

// word is a text of a profile and where it stands.
type word struct{ name, text string }

// checkCounts returns what cannot be in the lists and numbers of a profile.
func (p *Profile) checkCounts() error {
	for i, c := range p.Evidence {
		if slices.ContainsFunc(p.Evidence[:i], func(o Count) bool { return o.Sign == c.Sign }) {
			return fmt.Errorf("evidence[%d].sign: %q is there twice", i, c.Sign)
		}
		if !slices.Contains(signs[:], c.Sign) {
			return fmt.Errorf("evidence[%d].sign: there is no sign %q", i, c.Sign)
		}
		if c.Seen < 1 || c.Seen > mostSeen {
			return fmt.Errorf("evidence[%d].seen: %d is no count", i, c.Seen)
		}
	}
	if len(p.Tones) > maxTones {
		return fmt.Errorf("tones: %d are more than %d", len(p.Tones), maxTones)
	}
	for i, t := range p.Tones {
		if _, ok := parseSignal(t.Signal); !ok {
			return fmt.Errorf("tones[%d].signal: %q is no signal like \"425@-15 200/200\"", i, t.Signal)
		}
		if t.Seen < 1 || t.Seen > mostSeen {
			return fmt.Errorf("tones[%d].seen: %d is no count", i, t.Seen)
		}
	}
	if len(p.Changes) > maxChanges {
		return fmt.Errorf("changes: %d are more than %d", len(p.Changes), maxChanges)
	}
	if t := p.Tuning; t != nil && (max(t.RxTenths, t.TxTenths) > maxGain || min(t.RxTenths, t.TxTenths) < -maxGain) {
		return fmt.Errorf("tuning: gains of %d and %d tenths of a decibel are beyond ±%d", t.RxTenths, t.TxTenths, maxGain)
	}
	for _, n := range []struct {
		name string
		n    int
	}{
		{"calls", p.Calls}, {"drop_ms", p.DropMS}, {"dip_ms", p.DipMS}, {"dips", p.Dips}, {"caller_id_before_ring", p.IDFirst},
		{"calls_without_caller_id", p.NoID}, {"ring_cadence.seen", p.Ring.Seen}, {"ring_cadence.odds", p.Ring.Odds},
		{"caller_id_standard.seen", p.CallerID.Seen}, {"caller_id_standard.odds", p.CallerID.Odds}, {"dial_tone.seen", p.DialTone.Seen},
		{"dial_tone.odds", p.DialTone.Odds}, {"level_in_dbm0.seen", p.LevelIn.Seen}, {"level_out_dbm0.seen", p.LevelOut.Seen},
		{"erl_db.seen", p.ERL.Seen}, {"twist_db.seen", p.Twist.Seen}, {"level_in_dbm0.odds", p.LevelIn.Odds},
		{"level_out_dbm0.odds", p.LevelOut.Odds}, {"erl_db.odds", p.ERL.Odds}, {"twist_db.odds", p.Twist.Odds},
	} {
		if n.n < 0 {
			return fmt.Errorf("%s: %d is less than nothing", n.name, n.n)
		}
		if n.n > mostSeen {
			return fmt.Errorf("%s: %d is more than anybody counts", n.name, n.n)
		}
	}
	return nil
}
