package dahdi

import (
	"math"
	"slices"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/centralita/centralita/board/dahdi/abi"
	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/hal/port"
)

func frameOf(n int16) (f pcm.Frame) {
	for i := range f {
		f[i] = n
	}
	return f
}

func containsFrame(x []pcm.Frame, f pcm.Frame) bool { return slices.Contains(x, f) }

// What is written frame by frame goes out without a gap, once in order, although every
// frame comes a little after the card's own tick.
func TestSpeechHasNoGaps(t *testing.T) {
	wired(t, abi.SigFXSKS, true, func(t *testing.T, p port.Port, c *channel) {
		command(t, p, port.Seize{})
		var f pcm.Frame
		for range 3 { // until nothing waits: each frame now comes at the card's tick
			if err := p.Audio().Read(&f); err != nil {
				t.Fatal(err)
			}
		}
		for n := range 100 {
			if err := p.Audio().Read(&f); err != nil {
				t.Fatal(err)
			}
			<-time.After(time.Duration(n%15) * time.Millisecond)
			f = frameOf(int16(n + 1))
			if err := p.Audio().Write(&f); err != nil {
				t.Fatal(err)
			}
		}
		<-time.After(200 * time.Millisecond)
		var got []int16
		for _, h := range c.Heard() {
			if h[0] != 0 || len(got) > 0 {
				got = append(got, h[0])
			}
		}
		for n := range 100 {
			if n >= len(got) || got[n] != int16(n+1) {
				t.Fatalf("frame %d of %v", n, got)
			}
		}
		if c.gaps != 0 {
			t.Errorf("%d times there was nothing to send", c.gaps)
		}
	})
}

// An event in the way of a frame does not cost the frame.
func TestFrameBehindAnEvent(t *testing.T) {
	wired(t, abi.SigFXOKS, true, func(t *testing.T, p port.Port, c *channel) {
		c.Do(port.OffHook{})
		synctest.Wait()
		before := frameOf(76)
		for range 3 {
			if err := p.Audio().Write(&before); err != nil {
				t.Fatal(err)
			}
			<-time.After(frameTime + time.Millisecond)
		}
		synctest.Wait()
		c.m.mu.Lock() // the reader sleeps; its write finds an event that it has not fetched
		c.events = append(c.events, abi.EvPulseStart)
		c.m.mu.Unlock()
		f := frameOf(77)
		if err := p.Audio().Write(&f); err != nil {
			t.Fatal(err)
		}
		<-time.After(200 * time.Millisecond)
		if !containsFrame(c.Heard(), f) {
			t.Error("the frame is lost")
		}
	})
}

// Who begins to read after a pause hears now, not what was said during the pause.
func TestReaderAfterAPause(t *testing.T) {
	wired(t, abi.SigFXSKS, true, func(t *testing.T, p port.Port, c *channel) {
		for n := range 50 {
			f := frameOf(int16(n + 1))
			c.Say(&f)
			<-time.After(frameTime)
		}
		synctest.Wait()
		var f pcm.Frame
		if err := p.Audio().Read(&f); err != nil || f[0] < 49 {
			t.Errorf("frame %d is heard, %v", f[0], err)
		}
	})
}

// A telephone on hook is spoken to by way of its card's on-hook transfer, once a second.
func TestOnHookTransfer(t *testing.T) {
	talk := func(t *testing.T, p port.Port, n int16) {
		for range 100 {
			f := frameOf(n)
			if err := p.Audio().Write(&f); err != nil {
				t.Fatal(err)
			}
			<-time.After(frameTime)
		}
	}
	wired(t, abi.SigFXOKS, true, func(t *testing.T, p port.Port, c *channel) {
		talk(t, p, 0)
		if n := c.count(abi.OnHookTransfer); n != 0 {
			t.Errorf("asked for %d times in silence", n)
		}
		talk(t, p, 100)
		if n := c.count(abi.OnHookTransfer); n != 2 {
			t.Errorf("asked for %d times in two seconds", n)
		}
		c.Do(port.OffHook{})
		synctest.Wait()
		talk(t, p, 100)
		if n := c.count(abi.OnHookTransfer); n != 2 {
			t.Errorf("asked for %d times in all: off hook too", n)
		}
	})
	wired(t, abi.SigFXOKS, false, func(t *testing.T, p port.Port, c *channel) { // a span that does not know of it
		talk(t, p, 100)
		if n := c.count(abi.OnHookTransfer); n != 1 {
			t.Errorf("asked for %d times", n)
		}
	})
}

func TestGainsOfTheCardAndOfTheTables(t *testing.T) {
	wired(t, abi.SigFXSKS, true, func(t *testing.T, p port.Port, c *channel) { // this card has none of its own
		command(t, p, port.Tune{RxTenths: 35, TxTenths: -20})
		if got := c.Commanded(); len(got) != 1 || got[0] != (port.Tune{RxTenths: 35, TxTenths: -20}) {
			t.Errorf("%v came over the wire", got)
		}
		if n := c.count(abi.SetHWGain); n != 1 {
			t.Errorf("the card was asked %d times", n)
		}
		c.m.mu.Lock()
		c.refuse[abi.SetHWGain] = nil // now it has
		c.m.mu.Unlock()
		command(t, p, port.Tune{RxTenths: 35, TxTenths: -20})
		if got := c.Commanded(); len(got) != 1 || got[0] != (port.Tune{}) {
			t.Errorf("beside the card's own, %v came over the wire", got)
		}
		for _, loud := range []int{-241, 241} {
			if p.Command(port.Tune{RxTenths: loud}) == nil || p.Command(port.Tune{TxTenths: loud}) == nil {
				t.Errorf("a gain of %d tenths is taken", loud)
			}
		}
	})
	wired(t, abi.SigFXOKS, true, func(t *testing.T, p port.Port, c *channel) {
		command(t, p, port.Tune{RxTenths: 10})
		if n := c.count(abi.SetHWGain); n != 0 {
			t.Error("a telephone's card rounds to 3.5 dB and was asked")
		}
	})
}

// The tables make every octet louder by what was asked, within G.711's own steps.
func TestGainTables(t *testing.T) {
	for _, law := range []int32{abi.LawMu, abi.LawA} {
		var g abi.Gains
		if err := abi.Decode(gains(law, 0, 0), &g); err != nil {
			t.Fatal(err)
		}
		for i := range 256 {
			if int(g.Rx[i]) != i || int(g.Tx[i]) != i {
				t.Fatalf("law %d: 0 dB makes %d of %d", law, g.Rx[i], i)
			}
		}
		var plain abi.Gains
		for i := range 256 {
			plain.Rx[i] = byte(i)
		}
		for _, tenths := range []int{-120, -35, 1, 35, 60} {
			if err := abi.Decode(gains(law, tenths, -tenths), &g); err != nil {
				t.Fatal(err)
			}
			in, out := expandAll(law, plain.Rx), expandAll(law, g.Rx)
			want, n, sum := float64(tenths)/10, 0, 0.0
			for i := range in {
				if a := math.Abs(float64(in[i])); a > 1000 && a < 8000 {
					sum += 20 * math.Log10(math.Abs(float64(out[i]))/a)
					n++
				}
			}
			if got := sum / float64(n); math.Abs(got-want) > 0.15 {
				t.Errorf("law %d: %.1f dB were asked for, %.2f came", law, want, got)
			}
		}
	}
}

func expandAll(law int32, codes [256]byte) [256]int16 {
	var x [256]int16
	expander(law)(x[:], codes[:])
	return x
}

func TestInstruments(t *testing.T) {
	wired(t, abi.SigFXSKS, true, func(t *testing.T, p port.Port, c *channel) {
		names := p.(port.Tuner).Impedances()
		if len(names) != 16 || names[0] != "600" {
			t.Fatalf("%q", names)
		}
		command(t, p, port.Tune{Impedance: "320+1050||230n"})
		if c.regs.Direct[30] != 5 {
			t.Errorf("register 30 is %d", c.regs.Direct[30])
		}
		if err := p.Command(port.Tune{Impedance: "50"}); err == nil {
			t.Error("50 ohms are taken")
		}
		c.m.mu.Lock()
		c.stats = abi.Stats{Tip: -52000, Ring: -52000, Battery: -52000}
		c.regs.Direct[28] = 20
		c.m.mu.Unlock()
		m := p.(port.Meter)
		if r, err := m.Measure(); err != nil || r != (port.Reading{Volts: -52}) {
			t.Errorf("on hook %+v, %v", r, err)
		}
		command(t, p, port.Seize{})
		if r, err := m.Measure(); err != nil || r != (port.Reading{Volts: -52, MilliAmps: 22}) {
			t.Errorf("seized %+v, %v", r, err)
		}
		c.m.mu.Lock()
		c.refuse[abi.CardStats] = syscall.EIO
		c.m.mu.Unlock()
		if _, err := m.Measure(); err == nil {
			t.Error("a card that does not answer measures")
		}
	})
	wired(t, abi.SigFXOKS, true, func(t *testing.T, p port.Port, c *channel) {
		c.m.mu.Lock()
		c.stats = abi.Stats{Tip: -3000, Ring: -51000, Battery: -65000}
		c.regs.Direct[79] = 0x40 | 18
		c.m.mu.Unlock()
		c.Do(port.OffHook{})
		synctest.Wait()
		if r, err := p.(port.Meter).Measure(); err != nil || r != (port.Reading{Volts: 48, MilliAmps: 22.5}) {
			t.Errorf("%+v, %v", r, err)
		}
	})
}

// dumb is a channel without a goroutine, for counting what a frame costs.
type dumb struct{ params [136]byte }

func (d *dumb) Ioctl(r abi.Request, b []byte) error {
	if r == abi.GetParams {
		copy(b, d.params[:])
	}
	return nil
}
func (d *dumb) Wait(time.Duration) (bool, bool, error) { return true, false, nil }
func (d *dumb) Read(b []byte) (int, error)             { return len(b), nil }
func (d *dumb) Write(b []byte) (int, error)            { return len(b), nil }
func (d *dumb) Close() error                           { return nil }

func TestFrameCostsNoAllocation(t *testing.T) {
	d := &dumb{}
	copy(d.params[:], abi.Encode(abi.Params{RxHook: abi.RxOffHook}))
	f := finding{kind: port.FXO, sig: abi.SigFXSKS, caps: port.Caps{Battery: true}}
	p := newPort(Config{Kernel: newModules()}.whole(), 1, "dahdi/1", d, f)
	var in, out pcm.Frame
	if n := testing.AllocsPerRun(1000, func() {
		p.mu.Lock()
		p.turn(true, false, nil)
		p.mu.Unlock()
		if p.Audio().Read(&in) != nil || p.Audio().Write(&out) != nil {
			t.Error("the port is closed")
		}
	}); n != 0 {
		t.Errorf("%.0f allocations", n)
	}
}

func BenchmarkFrame(b *testing.B) {
	d := &dumb{}
	copy(d.params[:], abi.Encode(abi.Params{RxHook: abi.RxOffHook}))
	p := newPort(Config{}.whole(), 1, "dahdi/1", d, finding{kind: port.FXO, sig: abi.SigFXSKS, caps: port.Caps{Battery: true}})
	var in, out pcm.Frame
	b.ReportAllocs()
	for b.Loop() {
		p.mu.Lock()
		p.turn(true, false, nil)
		p.mu.Unlock()
		if p.Audio().Read(&in) != nil || p.Audio().Write(&out) != nil {
			b.Fatal("the port is closed")
		}
	}
}
