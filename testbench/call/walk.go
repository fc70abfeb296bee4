package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/dsp/tone/plan"
	"github.com/centralita/centralita/dsp/wav"
	"github.com/centralita/centralita/testbench/linesim"
	"github.com/centralita/centralita/testbench/linesim/central"
	"github.com/centralita/centralita/testbench/linesim/pair"
)

// What the two people say, and when it counts as heard.
const (
	callerHz = 1004 // the caller's voice: one frequency, easily found again
	phoneHz  = 1800
	voice    = -13.0 // dBm0 of both
	heard    = -30.0 // at least so loud at the other end
)

// Limits of patience with the office.
const (
	answerIn  = 30 * time.Second // the line
	confirmIn = 10 * time.Second // of a feature code
	promptIn  = 20 * time.Second // a prompt to begin
	promptFor = time.Second      // of a prompt is heard before a key is pressed
	releaseIn = 15 * time.Second // the other end, after a hang-up
	silentIn  = 3 * time.Minute  // the same when the office says nothing at all
)

// Walk is one call from the first ring to the last hang-up.
type Walk struct {
	Line       int // fxo<n>
	From       linesim.Caller
	Keys       []string
	Phone      int // fxs<n> that answers; 0 nobody
	Rings      int // before it answers
	Login      string
	Talk       time.Duration
	Patience   time.Duration
	PhoneFirst bool // hangs up first
	Serve      bool // only keep the office up
	Copper     copper
	WAV        string
	Out        io.Writer

	sim   *linesim.Sim
	line  *linesim.Line
	phone *linesim.Phone
	call  *linesim.Call
	begin time.Time
}

// tell prints one step with its time.
func (w *Walk) tell(format string, args ...any) {
	d := time.Since(w.begin).Round(100 * time.Millisecond)
	fmt.Fprintf(w.Out, "%02d:%04.1f  %s\n", int(d.Minutes()), (d % time.Minute).Seconds(), fmt.Sprintf(format, args...))
}

// Go walks the whole way. Whatever happens, the caller hangs up in the end,
// the telephone is put down, and what the caller heard is saved.
func (w *Walk) Go(ctx context.Context, s *linesim.Sim) (err error) {
	w.sim, w.begin = s, time.Now()
	if w.line, err = s.Line(w.Line); err != nil {
		return err
	}
	if w.Phone > 0 {
		if w.phone, err = s.Phone(w.Phone); err != nil {
			return err
		}
	}
	if err = w.Copper.lay(w.line, s.Board.Country); err != nil {
		return err
	}
	w.tell("the wire is up: %d lines, %d telephones, country %s", s.Board.FXO, s.Board.FXS, s.Board.Country)
	if !w.Copper.perfect() {
		w.tell("L%d is %s; its calls end by %s", w.Line, &w.Copper, w.line.Clearing)
	}
	for _, step := range []func(context.Context) error{w.login, w.ring, w.menu, w.answer, w.talk, w.end} {
		if err = step(ctx); err != nil {
			w.tell("it ends here: %v", err)
			break
		}
	}
	w.cleanUp()
	if e := w.save(); err == nil {
		err = e
	}
	if err == nil {
		w.tell("the whole walk went well")
	}
	return err
}

// login dials the feature code by which the agent takes his place.
func (w *Walk) login(ctx context.Context) error {
	if w.Login == "" || w.phone == nil {
		return nil
	}
	ctx, stop := context.WithTimeout(ctx, 30*time.Second)
	defer stop()
	if err := w.phone.Dial(ctx, w.Login); err != nil {
		return fmt.Errorf("%s cannot dial %s: %w", w.phone, w.Login, err)
	}
	w.tell("%s hears dial tone and dials %s", w.phone, w.Login)
	if err := w.confirmed(ctx); err != nil {
		return fmt.Errorf("%s hears no confirmation of %s, so nobody is logged in by it: %w", w.phone, w.Login, err)
	}
	if err := w.phone.WaitSpeechEnd(ctx, time.Second); err != nil {
		return fmt.Errorf("%s hears no end of the confirmation: %w", w.phone, err)
	}
	w.tell("%s hears the confirmation and hangs up", w.phone)
	return w.phone.OnHook()
}

// confirmed waits for a voice at the telephone.
func (w *Walk) confirmed(ctx context.Context) error {
	ctx, stop := context.WithTimeout(ctx, confirmIn)
	defer stop()
	return w.phone.WaitSpeech(ctx, promptFor)
}

// ring calls the line until the office answers.
func (w *Walk) ring(ctx context.Context) (err error) {
	if w.call, err = w.line.Call(w.From); err != nil {
		return err
	}
	who := w.From.Number
	if who == "" {
		who = "nobody known"
	}
	w.tell("%s rings line L%d (%s), caller id %s %s", who, w.Line, w.line, w.From.Number, w.From.Name)
	ctx, stop := context.WithTimeout(ctx, answerIn)
	defer stop()
	rings, err := w.call.WaitAnswer(ctx)
	if err != nil {
		return fmt.Errorf("line L%d is not answered after %d rings: %w", w.Line, rings, err)
	}
	w.tell("the line answers in ring %d", rings)
	return nil
}

// menu presses one key after the other, each when a prompt has been playing.
func (w *Walk) menu(ctx context.Context) error {
	for i, k := range w.Keys {
		if err := w.prompt(ctx); err != nil {
			return fmt.Errorf("no prompt before key %s (%d of %d): %w", k, i+1, len(w.Keys), err)
		}
		w.tell("a prompt is heard (%.0f dBm0); the caller presses %s", w.call.Loudness(promptFor), k)
		if err := w.call.Press(ctx, k); err != nil {
			return fmt.Errorf("the office hung up at key %s (%d of %d): %w", k, i+1, len(w.Keys), err)
		}
		if err := w.sim.Sleep(ctx, 500*time.Millisecond); err != nil { // let what was being said fall silent
			return err
		}
	}
	return nil
}

func (w *Walk) prompt(ctx context.Context) error {
	ctx, stop := context.WithTimeout(ctx, promptIn)
	defer stop()
	return w.call.WaitSpeech(ctx, promptFor)
}

// answer waits until the telephone rings and lifts it.
func (w *Walk) answer(ctx context.Context) error {
	if w.phone == nil {
		w.tell("nobody will answer; the caller waits %s", w.Patience)
		return w.sim.Sleep(ctx, w.Patience)
	}
	inTime, stop := context.WithTimeout(ctx, w.Patience)
	defer stop()
	told := map[int]bool{}
	for !w.phone.Ringing() {
		for n := 1; n <= w.sim.Board.FXS; n++ {
			if p, err := w.sim.Phone(n); err == nil && n != w.Phone && p.Ringing() && !told[n] {
				told[n] = true
				w.tell("%s rings, but %s is to answer", p, w.phone)
			}
		}
		if over, _ := w.call.Over(); over {
			return fmt.Errorf("the office hung up before %s rang; hint: is it closed? centralita schedule ID open", w.phone)
		}
		if err := w.sim.Sleep(inTime, 100*time.Millisecond); err != nil {
			return fmt.Errorf("%s does not ring within %s; is an agent of the queue logged in there? try --login (%w)", w.phone, w.Patience, err)
		}
	}
	w.tell("%s rings; the caller waits and hears %.0f dBm0", w.phone, w.call.Loudness(time.Second))
	number, name, err := w.phone.WaitRing(inTime, w.Rings)
	if err != nil {
		return fmt.Errorf("%s stops ringing before ring %d: %w", w.phone, w.Rings, err)
	}
	if w.Rings > 1 {
		w.tell("%s shows %s %s", w.phone, number, name)
	}
	if err := w.phone.OffHook(); err != nil {
		return err
	}
	w.tell("%s answers in ring %d", w.phone, w.Rings)
	return nil
}

// talk lets both sound their own frequency and measures who hears whom.
func (w *Walk) talk(ctx context.Context) error {
	if w.phone == nil {
		return nil
	}
	w.call.Hum(callerHz, voice)
	w.phone.Hum(phoneHz, voice)
	if err := w.sim.Sleep(ctx, max(w.Talk, 1500*time.Millisecond)); err != nil {
		return err
	}
	at := w.phone.Level(callerHz, time.Second)
	back := w.call.Level(phoneHz, time.Second)
	own := w.call.Level(callerHz, time.Second)
	w.tell("they talk: %s hears the caller (%d Hz) at %.1f dBm0", w.phone, callerHz, at)
	w.tell("           the caller hears %s (%d Hz) at %.1f dBm0, himself at %.1f", w.phone, phoneHz, back, own)
	w.call.Quiet()
	w.phone.Quiet()
	switch {
	case at < heard && back < heard:
		return fmt.Errorf("neither hears the other: under %.0f dBm0", heard)
	case at < heard:
		return fmt.Errorf("%s does not hear the caller: %.1f dBm0 at %d Hz", w.phone, at, callerHz)
	case back < heard:
		return fmt.Errorf("the caller does not hear %s: %.1f dBm0 at %d Hz", w.phone, back, phoneHz)
	}
	return nil
}

// end lets one hang up and the other notice.
func (w *Walk) end(ctx context.Context) error {
	in := releaseIn
	if w.line.Clearing == central.BySilence {
		in = silentIn
	}
	ctx, stop := context.WithTimeout(ctx, in)
	defer stop()
	if w.PhoneFirst && w.phone != nil {
		if err := w.phone.OnHook(); err != nil {
			return err
		}
		w.tell("%s hangs up", w.phone)
		if err := w.call.WaitOver(ctx); err != nil {
			return fmt.Errorf("the line is not released after %s hung up: %w", w.phone, err)
		}
		w.tell("the line is released")
		return nil
	}
	w.call.HangUp()
	w.tell("the caller hangs up")
	if w.Copper.pair.Handset { // it held the loop closed too
		if err := w.line.Copper(func(p *pair.Pair) { p.Lift(false) }); err != nil {
			return err
		}
		w.tell("the second telephone on the line hangs up too")
	}
	if err := w.line.WaitFree(ctx); err != nil {
		return fmt.Errorf("the office does not notice that the caller is gone: %w%s", err, w.foreign())
	}
	w.tell("the line is released")
	if w.phone == nil {
		return nil
	}
	if err := w.phone.WaitTone(ctx, plan.Busy); err != nil {
		return fmt.Errorf("%s hears no busy tone after the caller hung up: %w", w.phone, err)
	}
	w.tell("%s hears busy tone and hangs up", w.phone)
	return w.phone.OnHook()
}

// foreign is the hint where the exchange has the tones of another country than the
// board, as long as nobody told the house.
func (w *Walk) foreign() string {
	country, home := strings.ToUpper(w.Copper.country), w.sim.Board.Country
	if country == "" || country == home {
		return ""
	}
	return fmt.Sprintf("; hint: the exchange has the tones of %s and the board those of %s: centralita config set lines.L%d.country %s, config apply and config confirm", country, home, w.Line, country)
}

// cleanUp leaves nothing off hook and nobody waiting.
func (w *Walk) cleanUp() {
	if w.call != nil {
		w.call.HangUp()
	}
	if w.phone != nil {
		if err := w.phone.OnHook(); err != nil {
			w.tell("%v", err)
		}
	}
	ctx, stop := context.WithTimeout(context.Background(), 3*time.Second)
	defer stop()
	if err := w.line.WaitFree(ctx); err != nil {
		w.tell("%v", err)
	}
}

// save writes what the caller heard.
func (w *Walk) save() error {
	if w.WAV == "" || w.call == nil || len(w.call.Heard()) == 0 {
		return nil
	}
	sound := w.call.Heard()
	if err := os.MkdirAll(filepath.Dir(w.WAV), 0o755); err != nil {
		return fmt.Errorf("cannot save what the caller heard: %w", err)
	}
	f, err := os.Create(w.WAV)
	if err != nil {
		return fmt.Errorf("cannot save what the caller heard: %w", err)
	}
	err = wav.Write(f, wav.PCM, sound)
	if e := f.Close(); err == nil {
		err = e
	}
	if err != nil {
		return fmt.Errorf("cannot save what the caller heard in %s: %w", w.WAV, err)
	}
	w.tell("what the caller heard is in %s (%.1f s)", w.WAV, float64(len(sound))/pcm.Rate)
	return nil
}
