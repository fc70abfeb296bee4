package console

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/firmware/view"
)

// Lines is what the console can do with the analog lines. Each error is a
// sentence for people.
type Lines interface {
	// Test examines a line, which takes up to a minute.
	Test(ctx context.Context, id tel.PortID) (*view.Exam, error)
	// Apply sets what the last test advised.
	Apply(ctx context.Context, id tel.PortID) error
	// Gain and Impedance set what the card offers; gains in tenths of a decibel.
	Gain(ctx context.Context, id tel.PortID, rxTenths, txTenths int) error
	Impedance(ctx context.Context, id tel.PortID, name string) error
	// Release ends whatever call is on the line.
	Release(ctx context.Context, id tel.PortID) error
	// Capture records both directions for so long and returns the file.
	Capture(ctx context.Context, id tel.PortID, d time.Duration) (file string, err error)
	// Profile returns what the line has learned, as text that ImportProfile takes.
	Profile(ctx context.Context, id tel.PortID) (text string, err error)
	ImportProfile(ctx context.Context, id tel.PortID, text string) error
	FreezeProfile(ctx context.Context, id tel.PortID, on bool) error
	ForgetProfile(ctx context.Context, id tel.PortID) error
}

// Longest and usual length of a capture.
const (
	captureUsual = 30 * time.Second
	captureMost  = 2 * time.Minute
)

// lineVerb is one thing to do with a line.
type lineVerb struct {
	name  string
	args  string
	es    string
	en    string
	least int
	most  int
	run   func(context.Context, *session, tel.PortID, []string) int
}

// lineVerbs is the table behind `line ID`.
var lineVerbs = []lineVerb{
	{"test", "", "la prueba en menos de un minuto", "the test, in less than a minute", 0, 0, lineTest},
	{"apply", "", "pone lo que la prueba aconsejó", "set what the test advised", 0, 0, lineApply},
	{"capture", "[30s]", "graba los dos sentidos", "record both directions", 0, 1, lineCapture},
	{"release", "", "corta su llamada o su prueba", "end the call or the test on it", 0, 0, lineRelease},
	{"gain", "RX TX", "ganancias en dB, p. ej. 1.5 -3", "gains in dB, e.g. 1.5 -3", 2, 2, lineGain},
	{"impedance", "NAME", "impedancia de la tarjeta", "impedance of the card", 1, 1, lineImpedance},
	{"profile", "", "lo que la línea ha aprendido", "what the line has learned", 0, 0, lineProfile},
	{"import", "TEXT|@FILE", "pone un perfil guardado", "put a kept profile back", 1, 1, lineImport},
	{"freeze", "", "el perfil ya no cambia", "the profile changes no more", 0, 0, lineFreeze},
	{"thaw", "", "el perfil vuelve a aprender", "the profile learns again", 0, 0, lineThaw},
	{"forget", "", "empieza un perfil nuevo", "begin a new profile", 0, 0, lineForget},
}

// doLine answers `line ID [VERB …]`.
func doLine(ctx context.Context, s *session) int {
	v, ok := s.picture()
	if !ok || s.c.d.Lines == nil {
		return s.stopped()
	}
	id, asked := tel.PortID(s.r.args[0]), ""
	if len(s.r.args) > 1 {
		asked = s.r.args[1]
	}
	at := slices.IndexFunc(v.Lines, func(l view.Line) bool { return strings.EqualFold(string(l.ID), string(id)) })
	if at < 0 {
		var ids []string
		for _, l := range v.Lines {
			ids = append(ids, string(l.ID))
		}
		who, list := tel.CleanText(string(id)).String(), strings.Join(ids, ", ")
		return s.fail(Usage, usageError{fmt.Sprintf("no hay línea %q; pista: %s", who, list), fmt.Sprintf("there is no line %q; hint: %s", who, list)})
	}
	id = v.Lines[at].ID
	if asked == "" {
		return showLine(s, v.Lines[at])
	}
	for _, verb := range lineVerbs {
		if verb.name != asked {
			continue
		}
		if rest := s.r.args[2:]; len(rest) >= verb.least && len(rest) <= verb.most {
			return verb.run(ctx, s, id, rest)
		}
		how := strings.TrimSpace("line " + string(id) + " " + verb.name + " " + verb.args)
		return s.fail(Usage, usageError{"se escribe: " + how, "write: " + how})
	}
	var names []string
	for _, verb := range lineVerbs {
		names = append(names, verb.name)
	}
	what, list := tel.CleanText(asked).String(), strings.Join(names, ", ")
	return s.fail(Usage, usageError{fmt.Sprintf("una línea no sabe %q; pista: %s", what, list), fmt.Sprintf("a line cannot %q; hint: %s", what, list)})
}

// showLine prints one line with its last test and what can be done.
func showLine(s *session, l view.Line) int {
	if s.r.json {
		s.json(l)
		return Fine
	}
	s.line(fmt.Sprintf("%s %s  %s  %s %s  %s", sign(l.Lamp), l.ID, l.Number, l.Lamp.In(s.lang), s.since(l.Since), l.Call))
	if l.Detail != "" {
		s.wrap("", "  ", safe(s.plain(l.Detail)))
	}
	if l.Traits != nil {
		s.learned(l.Traits)
	}
	if l.Exam != nil {
		s.exam(l.ID, l.Exam)
	}
	for _, v := range lineVerbs {
		s.line(fmt.Sprintf("  line %s %-22s %s", l.ID, v.name+" "+v.args, s.t(v.es, v.en)))
	}
	return Fine
}

func lineTest(ctx context.Context, s *session, id tel.PortID, _ []string) int {
	if !s.r.json {
		s.line(s.t("Probando; tarda menos de un minuto…", "Testing; it takes less than a minute…"))
	}
	s.watching()
	x, err := s.c.d.Lines.Test(ctx, id)
	if err != nil && ctx.Err() != nil {
		return s.fail(NotFine, usageError{
			fmt.Sprintf("la prueba sigue sin usted; su resultado quedará en: line %s", id),
			fmt.Sprintf("the test goes on without you; its result will be at: line %s", id)})
	}
	if err != nil {
		return s.fail(NotFine, err)
	}
	if s.r.json {
		s.json(x)
	} else {
		s.exam(id, x)
		s.wrap("", "  ", x.Verdict(s.lang))
	}
	if x.Rank == "bad" {
		return NotFine
	}
	return Fine
}

// told says what came of an order for a line.
func (s *session) told(err error, es, en string) int {
	if err != nil {
		return s.fail(NotFine, err)
	}
	s.done(s.t(es, en))
	return Fine
}

func lineApply(ctx context.Context, s *session, id tel.PortID, _ []string) int {
	return s.told(s.c.d.Lines.Apply(ctx, id), "puesto", "set")
}

func lineRelease(ctx context.Context, s *session, id tel.PortID, _ []string) int {
	return s.told(s.c.d.Lines.Release(ctx, id), "suelta", "released")
}

func lineGain(ctx context.Context, s *session, id tel.PortID, args []string) int {
	var tenths [2]int
	for i, a := range args {
		db, err := strconv.ParseFloat(strings.Replace(a, ",", ".", 1), 64)
		if err != nil || !(db >= -20 && db <= 20) { // no number is neither
			return s.fail(Usage, usageError{"una ganancia son dB de -20 a 20, como 1.5", "a gain is dB from -20 to 20, such as 1.5"})
		}
		tenths[i] = int(math.Round(10 * db))
	}
	return s.told(s.c.d.Lines.Gain(ctx, id, tenths[0], tenths[1]), "puesta", "set")
}

func lineImpedance(ctx context.Context, s *session, id tel.PortID, args []string) int {
	return s.told(s.c.d.Lines.Impedance(ctx, id, args[0]), "puesta", "set")
}

func lineCapture(ctx context.Context, s *session, id tel.PortID, args []string) int {
	d := captureUsual
	if len(args) == 1 {
		var err error
		if d, err = time.ParseDuration(args[0]); err != nil || d < time.Second || d > captureMost {
			return s.fail(Usage, usageError{"la duración va de 1s a 2m, como 30s", "the length is from 1s to 2m, such as 30s"})
		}
	}
	if !s.r.json {
		s.line(fmt.Sprintf("%s %s…", s.t("Grabando", "Recording"), d))
	}
	s.watching()
	file, err := s.c.d.Lines.Capture(ctx, id, d)
	if err != nil && ctx.Err() != nil {
		return s.fail(NotFine, errCancelled)
	}
	if err != nil {
		return s.fail(NotFine, err)
	}
	if s.r.json {
		s.json(map[string]string{"file": file})
		return Fine
	}
	s.printf("%s\n", safe(file)) // never cut: it is to be copied
	s.line(s.t("izquierda: de la línea; derecha: hacia ella", "left: from the line; right: to it"))
	return Fine
}

func lineProfile(ctx context.Context, s *session, id tel.PortID, _ []string) int {
	text, err := s.c.d.Lines.Profile(ctx, id)
	if err != nil {
		return s.fail(NotFine, err)
	}
	if s.r.json {
		s.json(map[string]string{"profile": text})
		return Fine
	}
	s.printf("%s\n", strings.TrimRight(text, "\n"))
	return Fine
}

func lineImport(ctx context.Context, s *session, id tel.PortID, args []string) int {
	return s.told(s.c.d.Lines.ImportProfile(ctx, id, args[0]), "puesto", "imported")
}

func lineFreeze(ctx context.Context, s *session, id tel.PortID, _ []string) int {
	return s.told(s.c.d.Lines.FreezeProfile(ctx, id, true), "congelado", "frozen")
}

func lineThaw(ctx context.Context, s *session, id tel.PortID, _ []string) int {
	return s.told(s.c.d.Lines.FreezeProfile(ctx, id, false), "aprende otra vez", "learning again")
}

func lineForget(ctx context.Context, s *session, id tel.PortID, _ []string) int {
	return s.told(s.c.d.Lines.ForgetProfile(ctx, id), "olvidado", "forgotten")
}
