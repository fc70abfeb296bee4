package panel

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/centralita/centralita/firmware/view"
	"github.com/centralita/centralita/firmware/view/viewtest"
	"github.com/centralita/centralita/hal/display"
	"github.com/centralita/centralita/hal/display/displaytest"
	"github.com/centralita/centralita/hal/display/dots"
	"github.com/centralita/centralita/hal/led"
	"github.com/centralita/centralita/hal/led/ledtest"
)

// front is a panel running in virtual time, whose midnight in 2000 begins a
// turn of the rest screen. The test holds mu except while it lets time pass:
// the clock of a bubble orders nothing for the race detector.
type front struct {
	*Panel
	store *view.Store
	mu    sync.Mutex
	d     *displaytest.Fake
	s     *ledtest.Fake
	log   bytes.Buffer
}

// heldDisplay and heldStrip take part in the order that front.mu makes.
type heldDisplay struct {
	display.Display
	mu *sync.Mutex
}

func (h heldDisplay) Write(row int, text string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.Display.Write(row, text)
}

func (h heldDisplay) Backlight(l display.Light) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.Display.Backlight(l)
}

type heldStrip struct {
	led.Strip
	mu *sync.Mutex
}

func (h heldStrip) Set(i int, c led.Colour) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.Strip.Set(i, c)
}

func run(t *testing.T, s *view.Snapshot, test func(f *front)) {
	synctest.Test(t, func(t *testing.T) {
		f := &front{store: &view.Store{}, d: displaytest.NewFake(20, 4, "ñ"), s: ledtest.NewFake(8)}
		f.Panel = New(f.store, heldDisplay{f.d, &f.mu}, heldStrip{f.s, &f.mu}, slog.New(slog.NewTextHandler(&f.log, nil)))
		f.store.Set(s)
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { f.Run(ctx); close(done) }()
		f.mu.Lock()
		f.pass(0)
		test(f)
		f.mu.Unlock()
		stop()
		<-done
	})
}

// pass lets d of virtual time go by and everything settle.
func (f *front) pass(d time.Duration) {
	f.mu.Unlock()
	<-time.After(d)
	synctest.Wait()
	f.mu.Lock()
}

// calm is the calm office moved to the bubble's now, with nobody waiting.
func calm() *view.Snapshot {
	s := viewtest.Calm()
	s.Queues[0].Waiting = nil
	return s
}

// alone is a calm house whose row at rest says one thing: nobody answers, nobody called.
func alone() *view.Snapshot {
	s := calm()
	s.Agents = nil
	for i := range s.Queues {
		s.Queues[i].Answered, s.Queues[i].Late = 0, 0
	}
	return s
}

func TestOnlyDifferencesAreWritten(t *testing.T) {
	s := alone()
	for i := range s.Lines {
		s.Lines[i].Lamp = view.Idle
	}
	run(t, s, func(f *front) {
		if f.d.Writes != 4 || len(f.s.Writes) != 9 || f.d.Shown[3] != "Todo en orden       " {
			t.Fatalf("at first %d rows and %d lamps, %q", f.d.Writes, len(f.s.Writes), f.d.Shown)
		}
		f.pass(50 * time.Second)
		if f.d.Writes != 4 || len(f.s.Writes) != 9 {
			t.Errorf("nothing changed, yet %d rows and %d lamps were written", f.d.Writes, len(f.s.Writes))
		}
		f.pass(11 * time.Second)
		if f.d.Writes != 5 {
			t.Errorf("a minute later %d rows were written, want the clock's row alone", f.d.Writes)
		}
		next := alone()
		next.Seq++
		next.Lines[0].Lamp = view.Talk
		for i := range next.Lines[1:] {
			next.Lines[1+i].Lamp = view.Idle
		}
		f.store.Set(next)
		f.pass(0)
		if f.d.Writes != 6 || len(f.s.Writes) != 10 || f.s.Shown[0] != led.Green {
			t.Errorf("after a call %d rows, %d lamps, lamp 1 %s", f.d.Writes, len(f.s.Writes), f.s.Shown[0])
		}
	})
}

func TestLampsKeepTheirRhythm(t *testing.T) {
	s := calm()
	for i, l := range []view.Lamp{view.Ring, view.Menu, view.Queued, view.Hold, view.Out, view.Warn, view.Dead, view.Unknown} {
		s.Lines[i].Lamp = l
	}
	const ms = time.Millisecond
	run(t, s, func(f *front) {
		for at := time.Duration(0); at < 4*time.Second; at += 50 * ms {
			sec, two := at%time.Second, at%(2*time.Second)
			want := []bool{sec < 500*ms, sec < 100*ms, sec < 800*ms, two < 1800*ms, sec < 100*ms || sec >= 200*ms && sec < 300*ms,
				two < time.Second, two < 200*ms || two >= 400*ms && two < 600*ms, true, true}
			for i, lit := range want {
				if (f.s.Shown[i] != led.Dark) != lit {
					t.Fatalf("after %s lamp %d shows %s, want lit %t", at, i+1, f.s.Shown[i], lit)
				}
			}
			f.pass(50 * ms)
		}
		if f.s.Shown[5] != led.Amber || f.s.Shown[6] != led.Red || f.s.Shown[7] != led.DimAmber {
			t.Errorf("colours %v", f.s.Shown)
		}
	})
}

func TestRestAndUnseenAlarmTakeTurnsAndLightDims(t *testing.T) {
	s := viewtest.Alarmed()
	s.Alarms = s.Alarms[1:2]
	run(t, s, func(f *front) {
		for turns := range 6 {
			if alarm := strings.Contains(f.d.Shown[0], " L3 MUERTA "); alarm != (turns%2 == 1) || f.d.Light != display.Full {
				t.Fatalf("in turn %d shows %q, light %s", turns, f.d.Shown[0], f.d.Light)
			}
			f.pass(turn)
		}
		if f.s.Shown[8] == led.Green {
			t.Error("the health lamp is green beside a dead line")
		}
		f.pass(turn)
		f.Press(OK)
		f.pass(0)
		if !strings.HasPrefix(f.d.Shown[0], "Oficina Centro") {
			t.Errorf("after OK shows %q", f.d.Shown[0])
		}
		f.pass(59 * time.Second)
		if f.d.Light != display.Full {
			t.Errorf("59 s after the key the light is %s", f.d.Light)
		}
		f.pass(time.Second)
		if f.d.Light != display.Dim {
			t.Errorf("60 s after the key the light is %s", f.d.Light)
		}
	})
}

func TestLampGlyphsAndPlainLetters(t *testing.T) {
	s := viewtest.Calm()
	run(t, s, func(f *front) {
		// Lamps in their shapes, letters that the ROM lacks in those of the font.
		a, _ := dots.Of('á')
		looks := map[display.Bitmap]rune{a: 'á'}
		for _, g := range glyphs {
			looks[g.bits] = rune(g.lamp.Look().Sign)
		}
		read := func(row string) string {
			return strings.Map(func(r rune) rune {
				if slot := int(r - display.Glyph(0)); slot >= 0 && slot < display.MaxGlyphs {
					return looks[f.d.Defined[slot]]
				}
				return r
			}, row)
		}
		if own := strings.Count(f.d.Shown[2], "O") + strings.Count(f.d.Shown[2], "#"); own != 0 || read(f.d.Shown[2]) != "O..#:O.*  .........." {
			t.Errorf("lamps %q, read %q", f.d.Shown[2], read(f.d.Shown[2]))
		}
		if strings.Contains(f.d.Shown[3], "á") || !strings.Contains(read(f.d.Shown[3]), "máx ") {
			t.Errorf("accents %q", f.d.Shown[3])
		}
	})
}

func TestABrokenDisplayIsSaidOnceAndTriedAgain(t *testing.T) {
	s := calm()
	for i := range s.Lines {
		s.Lines[i].Lamp = view.Idle // nothing blinks: only the clock and the fault wake the front
	}
	run(t, s, func(f *front) {
		f.d.Fail, f.s.Fail = errors.New("the cable is out"), errors.New("the cable is out")
		f.pass(3 * time.Minute)
		if n := strings.Count(f.log.String(), "the cable is out"); n == 0 || strings.Count(f.log.String(), "level=ERROR") != 1 {
			t.Errorf("said %d times:\n%s", n, f.log.String())
		}
		f.d.Fail, f.s.Fail = nil, nil
		f.pass(again)
		if row := f.d.Shown[0]; !strings.HasSuffix(row, view.TimeOfDay(time.Now().In(viewtest.At().Location()))) {
			t.Errorf("mended, but the display still shows %q", row)
		}
	})
}

func TestNoFrontAtAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var store view.Store
		store.Set(viewtest.Alarmed())
		p := New(&store, nil, nil, slog.New(slog.DiscardHandler))
		ctx, stop := context.WithCancel(t.Context())
		go p.Run(ctx)
		synctest.Wait()
		if f := p.Frame(); !strings.HasPrefix(f.Rows[0], "Oficina Centro ") || len(f.Lamps) != 8 {
			t.Errorf("frame %+v", f)
		}
		stop()
		synctest.Wait()
	})
}

// Lamps before that of health show the links and the fullest queue.
func TestLampsOfLinksAndQueues(t *testing.T) {
	for _, c := range []struct {
		link, queue view.Lamp
		want        [2]led.Colour
	}{
		{view.Idle, view.Idle, [2]led.Colour{led.Dark, led.Dark}}, {view.Talk, view.Warn, [2]led.Colour{led.Green, led.Amber}},
		{view.Warn, view.Dead, [2]led.Colour{led.Amber, led.Red}}, {view.Dead, view.Idle, [2]led.Colour{led.Red, led.Dark}},
	} {
		s := calm()
		for i := range s.Lines {
			s.Lines[i].Lamp = view.Hold
		}
		s.Uplinks = []view.Uplink{{ID: "a", Lamp: view.Idle}, {ID: "b", Lamp: c.link}}
		for i := range s.Queues {
			s.Queues[i].Lamp = view.Idle
		}
		s.Queues[len(s.Queues)-1].Lamp = c.queue
		var store view.Store
		store.Set(s)
		strip := ledtest.NewFake(4)
		p := New(&store, nil, nil, slog.New(slog.DiscardHandler))
		p.Add(Front{Strip: strip, Also: []Signal{Upstream, QueueOver}})
		p.show(s, time.Unix(2000000000, 0).Truncate(time.Minute)) // where rhythms begin
		if got := [2]led.Colour(strip.Shown[2:4]); got != c.want {
			t.Errorf("link %s, queue %s: %v, want %v", c.link, c.queue, got, c.want)
		}
	}
}
