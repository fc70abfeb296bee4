package atmodem_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.bug.st/serial"

	"github.com/centralita/centralita/board/atmodem"
	"github.com/centralita/centralita/board/atmodem/at"
	"github.com/centralita/centralita/dsp/dtmf"
	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/dsp/tone"
	"github.com/centralita/centralita/hal/port"
	"github.com/centralita/centralita/testbench/voicemodem"
)

// pump is the pump of a port with its own clock: it reads a frame and writes one.
type pump struct {
	t      *testing.T
	p      *atmodem.Port
	player tone.Player
	heard  []int16 // the last second
	late   bool    // real time: a read may take longer
	jitter *rand.Rand
}

// run pumps for so long.
func (u *pump) run(d time.Duration) {
	u.t.Helper()
	for end := time.Now().Add(d); time.Now().Before(end); {
		var f pcm.Frame
		at := time.Now()
		if err := u.p.Audio().Read(&f); err != nil {
			u.t.Fatalf("read: %v", err)
		}
		if d := time.Since(at); d > 2*pcm.FrameTime*time.Millisecond && !u.late {
			u.t.Errorf("a read took %s", d)
		}
		if u.jitter != nil {
			<-time.After(time.Duration(u.jitter.IntN(20)) * time.Millisecond)
		}
		u.heard = append(u.heard, f[:]...)
		u.heard = u.heard[max(0, len(u.heard)-pcm.Rate):]
		if !u.player.Fill(&f) {
			f.Silence()
		}
		if err := u.p.Audio().Write(&f); err != nil {
			u.t.Fatalf("write: %v", err)
		}
	}
}

// purity is how much of the last n samples heard is one frequency, 0 to 1.
func (u *pump) purity(hz float64, n int) float64 {
	x := u.heard[max(0, len(u.heard)-n):]
	var s, c, e float64
	for i, v := range x {
		w := 2 * math.Pi * hz * float64(i) / pcm.Rate
		s += float64(v) * math.Sin(w)
		c += float64(v) * math.Cos(w)
		e += float64(v) * float64(v)
	}
	if e == 0 {
		return 0
	}
	return 2 * (s*s + c*c) / (float64(len(x)) * e)
}

// events is what the port has told since the last call.
func events(p *atmodem.Port) string {
	synctest.Wait()
	var out []string
	for {
		select {
		case e, ok := <-p.Events():
			if !ok {
				return strings.Join(append(out, "closed"), ", ")
			}
			out = append(out, e.String())
		default:
			return strings.Join(out, ", ")
		}
	}
}

func command(t *testing.T, p *atmodem.Port, c port.Command) {
	t.Helper()
	if err := p.Command(c); err != nil {
		t.Fatalf("%s: %v", c, err)
	}
}

// personalities with one coding each.
func personalities() map[string]voicemodem.Personality {
	out := map[string]voicemodem.Personality{"16 bits": voicemodem.Full()}
	for i, l := range voicemodem.Full().Formats {
		f, ok := at.ReadFormat(l)
		if !ok || f.Coding == at.Linear16 {
			continue
		}
		p := voicemodem.Full()
		p.Formats = p.Formats[i : i+1]
		out[f.Coding.String()] = p
	}
	return out
}

// A whole call in, in every coding: ring, caller id, talk both ways, far hang-up.
func TestIncomingCall(t *testing.T) {
	all := personalities()
	if len(all) != 5 {
		t.Fatalf("%d codings", len(all))
	}
	for name, who := range all {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				x := new(voicemodem.Exchange)
				p, m, r := plugIn(t, who, atmodem.Config{}, x)
				if p == nil {
					t.Fatal(r)
				}
				x.Attach(m)
				x.Call("600123456", "ANA")
				u := &pump{t: t, p: p}
				u.run(5500 * time.Millisecond)
				if got := events(p); got != `ring on, ring off, caller id "600123456" "ANA" , ring on` {
					t.Fatalf("a call came: %s", got)
				}
				command(t, p, port.Seize{})
				u.player.Start(tone.Continuous(tone.Partial{Hz: 700, DBm0: -20}))
				u.run(3 * time.Second)
				if got := events(p); got != "ring off" {
					t.Errorf("answered: %s", got)
				}
				if q := u.purity(voicemodem.CallerHz, pcm.Rate/2); q < 0.99 {
					t.Errorf("the caller's voice has purity %.4f", q)
				}
				if l := x.Level(); math.Abs(l+20) > 0.5 {
					t.Errorf("the caller hears us at %.1f dBm0, not -20", l)
				}
				if n := m.Underruns(); n > 1 {
					t.Errorf("%d underruns in three seconds", n)
				}
				x.HangUp()
				u.run(3 * time.Second)
				if got := events(p); got != "heard busy tone" {
					t.Errorf("the caller hung up: %s", got)
				}
				command(t, p, port.Release{})
				synctest.Wait()
				if m.OffHook() {
					t.Errorf("the line is not released: %s", m)
				}
			})
		})
	}
}

// A whole call out over both kinds of modem: dial tone, number, ringback, answer.
func TestOutgoingCall(t *testing.T) {
	for name, who := range map[string]voicemodem.Personality{"full duplex": voicemodem.Full(), "half duplex": voicemodem.Half()} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				x := &voicemodem.Exchange{Callee: "912345678"}
				p, m, r := plugIn(t, who, atmodem.Config{}, x)
				if p == nil {
					t.Fatal(r)
				}
				x.Attach(m)
				u := &pump{t: t, p: p}
				command(t, p, port.Seize{})
				u.run(2 * time.Second)
				if q := u.purity(voicemodem.ToneHz, pcm.Rate/2); q < 0.99 {
					t.Fatalf("dial tone has purity %.4f; %s", q, m)
				}
				spec, err := dtmf.Spec(x.Callee, dtmf.Usual())
				if err != nil {
					t.Fatal(err)
				}
				u.player.Start(spec)
				u.run(9 * time.Second)
				if got := x.Digits(); got != x.Callee {
					t.Errorf("dialled %s, the exchange has %q", x.Callee, got)
				}
				if q := u.purity(voicemodem.CalleeHz, pcm.Rate/2); q < 0.99 {
					t.Errorf("the callee's voice has purity %.4f; %s", q, m)
				}
			})
		})
	}
}

// While a half-duplex modem talks, keys are told by the modem and by nobody else.
func TestKeysWhileTalking(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, m, _ := plugIn(t, voicemodem.Half(), atmodem.Config{}, new(voicemodem.Wire))
		command(t, p, port.Seize{})
		u := &pump{t: t, p: p}
		u.run(time.Second)
		m.Code('1')
		if got := events(p); got != "" {
			t.Errorf("a key while listening: %s", got)
		}
		u.player.Start(tone.Continuous(tone.Partial{Hz: 700, DBm0: -20}))
		u.run(time.Second)
		m.Code('2')
		if got := events(p); got != "digit 2" {
			t.Errorf("a key while talking: %s", got)
		}
		if p.Describe() != "off hook, talking" {
			t.Error(p.Describe())
		}
		u.player.Stop()
		u.run(3 * time.Second)
		if p.Describe() != "off hook, listening" {
			t.Error(p.Describe())
		}
		if n := m.Underruns(); n > 1 {
			t.Errorf("%d underruns", n)
		}
	})
}

// A greeting loses nothing of its beginning or end, although the modem takes its
// time to close the loop and to be turned.
func TestAllOfAGreetingIsSaid(t *testing.T) {
	for name, who := range map[string]voicemodem.Personality{"full duplex": voicemodem.Full(), "half duplex": voicemodem.Half()} {
		for _, after := range []time.Duration{0, time.Second} {
			t.Run(fmt.Sprint(name, " ", after), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					who.Slow = 150 * time.Millisecond
					line := new(voicemodem.Wire)
					p, m, _ := plugIn(t, who, atmodem.Config{}, line)
					command(t, p, port.Seize{})
					u := &pump{t: t, p: p}
					u.run(after)
					u.player.Start(tone.Spec{Segments: []tone.Segment{{Partials: []tone.Partial{{Hz: 700, DBm0: -10}}, Samples: 2 * pcm.Rate}}, Repeat: tone.Once})
					u.run(5 * time.Second)
					n := 0
					for _, f := range line.Heard() {
						if f.Level() > -13 {
							n++
						}
					}
					if n != 100 {
						t.Errorf("of 100 frames %d were heard", n)
					}
					if !who.Duplex {
						return
					}
					u.player.Start(tone.Continuous(tone.Partial{Hz: 700, DBm0: -10}))
					u.run(120 * time.Millisecond)
					f := line.Heard()
					if d := m.Waits(); len(f) == 0 || f[len(f)-1].Level() < -13 || d > 60*time.Millisecond {
						t.Errorf("120 ms after its beginning a word is not at the exchange, %s wait in the modem", d)
					}
				})
			})
		}
	}
}

// What was said on hook, or in the call before, is nobody's.
func TestNothingIsLeftOver(t *testing.T) {
	for name, who := range map[string]voicemodem.Personality{"full duplex": voicemodem.Full(), "half duplex": voicemodem.Half()} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				who.Slow = 50 * time.Millisecond
				line := new(voicemodem.Wire)
				p, _, _ := plugIn(t, who, atmodem.Config{}, line)
				say := func() {
					f := pcm.Frame{0: 1}
					for i := range f {
						f[i] = int16(8000 - i%2*16000)
					}
					for range 5 {
						if err := p.Audio().Write(&f); err != nil {
							t.Fatal(err)
						}
					}
				}
				u := &pump{t: t, p: p}
				silent := func(what string) {
					t.Helper()
					u.run(3 * time.Second)
					for _, f := range line.Heard() {
						if !f.Silent() {
							t.Fatalf("%s: the call hears %.0f dBm0", what, f.Level())
						}
					}
				}
				say()
				command(t, p, port.Seize{})
				silent("said on hook")
				command(t, p, port.Release{})
				<-time.After(time.Second)
				command(t, p, port.Seize{})
				say() // the loop is not closed yet: what is said waits
				command(t, p, port.Release{})
				command(t, p, port.Seize{})
				silent("said in the call before")
			})
		})
	}
}

// A pump that comes up to a frame late leaves no gap in what the modem says.
func TestLatePump(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, m, _ := plugIn(t, voicemodem.Full(), atmodem.Config{}, new(voicemodem.Wire))
		command(t, p, port.Seize{})
		u := &pump{t: t, p: p, jitter: rand.New(rand.NewPCG(3, 3))}
		u.run(20 * time.Second)
		if n := m.Underruns(); n > 0 {
			t.Errorf("%d gaps in 20 s", n)
		}
	})
}

// Call after call, slow and quick, nothing is left behind.
func TestManyCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(1, 1))
		x := new(voicemodem.Exchange)
		who := voicemodem.Half()
		who.Slow = 40 * time.Millisecond
		p, m, _ := plugIn(t, who, atmodem.Config{}, x)
		x.Attach(m)
		u := &pump{t: t, p: p}
		for n := range 60 {
			x.Call("600123456", "ANA")
			u.run(time.Duration(1600+r.IntN(3000)) * time.Millisecond)
			if got := events(p); !strings.Contains(got, "ring on") || !strings.Contains(got, `"600123456" "ANA"`) {
				t.Fatalf("call %d: %s; %s; %s", n, got, p.Describe(), m)
			}
			command(t, p, port.Seize{})
			u.player.Start(tone.Spec{Segments: []tone.Segment{{Partials: []tone.Partial{{Hz: 700, DBm0: -10}}, Samples: 1 + r.IntN(pcm.Rate)}}, Repeat: tone.Once})
			u.run(time.Duration(500+r.IntN(5000)) * time.Millisecond)
			if !m.OffHook() {
				t.Fatalf("call %d is not answered: %s; %s", n, p.Describe(), m)
			}
			command(t, p, port.Release{})
			u.run(time.Duration(1000+r.IntN(3000)) * time.Millisecond)
			if m.OffHook() || p.Describe() != "on hook" {
				t.Fatalf("call %d is not released: %s; %s", n, p.Describe(), m)
			}
			events(p)
		}
	})
}

// A flash that the modem has no command for opens the loop for its time.
func TestFlashByHand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		line := new(voicemodem.Wire)
		who := voicemodem.Full()
		who.NoVTS = true
		p, m, _ := plugIn(t, who, atmodem.Config{}, line)
		if err := p.Command(port.Flash{}); err == nil || !strings.Contains(err.Error(), "cannot flash: fxo1 is on hook") {
			t.Errorf("a flash on hook: %v", err)
		}
		command(t, p, port.Seize{})
		command(t, p, port.Flash{})
		<-time.After(at.FlashOff - time.Millisecond)
		synctest.Wait()
		if m.OffHook() {
			t.Error("the loop is not open for the flash")
		}
		<-time.After(2 * time.Millisecond)
		synctest.Wait()
		if got := fmt.Sprint(line.Commanded()); got != "[seize release seize]" {
			t.Errorf("the line saw %s", got)
		}
	})
}

// A modem that does not open the loop by +VLS=0 does so by ATH, and rings again.
func TestReleaseByATH(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		who := voicemodem.Full()
		who.NoVLS0 = true
		line := new(voicemodem.Wire)
		p, m, r := plugIn(t, who, atmodem.Config{}, line)
		if p == nil {
			t.Fatal(r)
		}
		for range 2 {
			command(t, p, port.Seize{})
			<-time.After(time.Second)
			command(t, p, port.Release{})
			<-time.After(time.Second)
		}
		m.Ring()
		if got := fmt.Sprintf("%v %s", line.Commanded(), events(p)); got != "[seize release seize release] ring on" {
			t.Error(got)
		}
	})
}

// What cannot be used is named plainly.
func TestReports(t *testing.T) {
	data, odd := voicemodem.Full(), voicemodem.Full()
	data.Classes = "0,1,2.0"
	odd.Formats = odd.Formats[2:3]
	for want, dial := range map[string]func() (io.ReadWriteCloser, error){
		"fxo1 at /dev/ttyACM0: loaded: EXAMPLE V.92 Voice USB 1.2.23, 16-bit linear, full duplex, caller id": voicemodem.New(voicemodem.Full(), new(voicemodem.Wire)).Dial,
		"fxo1 at /dev/ttyACM0: skipped because there is no device /dev/ttyACM0; plug the modem in": func() (io.ReadWriteCloser, error) {
			return nil, fmt.Errorf("cannot open: %w", fs.ErrNotExist)
		},
		"fxo1 at /dev/ttyACM0: failed because the device may not be opened (permission denied); add the user to the group dialout": func() (io.ReadWriteCloser, error) {
			return nil, fs.ErrPermission
		},
		"fxo1 at /dev/ttyACM0: failed because another program holds the device; end it": func() (io.ReadWriteCloser, error) {
			return nil, fmt.Errorf("cannot open: %w", &serial.PortError{}) // its zero value says busy
		},
		"fxo1 at /dev/ttyACM0: failed because the device fails: smoke": func() (io.ReadWriteCloser, error) {
			return nil, errors.New("smoke")
		},
		"fxo1 at /dev/ttyACM0: failed because it is no voice modem: of AT+FCLASS=8 it knows only 0,1,2.0":                                                   voicemodem.New(data, new(voicemodem.Wire)).Dial,
		`fxo1 at /dev/ttyACM0: failed because cannot use its voice formats: none is plain at 8000 samples a second, it offers 129,"IMA ADPCM",4,0,8000,0,0`: voicemodem.New(odd, new(voicemodem.Wire)).Dial,
		"fxo1 at /dev/ttyACM0: failed because it does not answer AT": func() (io.ReadWriteCloser, error) {
			m := voicemodem.New(voicemodem.Full(), new(voicemodem.Wire))
			m.Deaf(true)
			return m.Dial()
		},
	} {
		synctest.Test(t, func(t *testing.T) {
			p, r := atmodem.Open(context.Background(), atmodem.Config{Name: "fxo1", Device: "/dev/ttyACM0", Dial: dial})
			if r.String() != want || (p != nil) != (r.Outcome == atmodem.Loaded) {
				t.Errorf("%s\nnot %s", r, want)
			}
			if p != nil {
				p.Close()
			}
		})
	}
}

// The speed of the line decides what it carries.
func TestBaud(t *testing.T) {
	for baud, want := range map[int]string{57600: "failed because 57600 baud carry no sound", 115200: "µ-law, full duplex", 230400: "16-bit linear, full duplex"} {
		synctest.Test(t, func(t *testing.T) {
			if _, _, r := plugIn(t, voicemodem.Full(), atmodem.Config{Baud: baud}, new(voicemodem.Wire)); !strings.Contains(r.String(), want) {
				t.Error(r)
			}
		})
	}
}

// Close is quick: a modem that answers is on hook before, one that does not is left.
func TestCloseWaitsForTheHook(t *testing.T) {
	for _, deaf := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			who := voicemodem.Full()
			who.KeepsHook = !deaf // otherwise AT&D2 does it
			p, m, _ := plugIn(t, who, atmodem.Config{}, new(voicemodem.Wire))
			command(t, p, port.Seize{})
			(&pump{t: t, p: p}).run(time.Second)
			m.Deaf(deaf)
			at := time.Now()
			if err := p.Close(); err != nil || time.Since(at) > 1500*time.Millisecond {
				t.Errorf("deaf %t: %v after %s", deaf, err, time.Since(at))
			}
			synctest.Wait()
			if m.OffHook() {
				t.Errorf("deaf %t: off hook behind a closed device", deaf)
			}
		})
	}
}

// Giving the start up ends everything that was begun.
func TestOpenGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := voicemodem.New(voicemodem.Full(), new(voicemodem.Wire))
		m.Deaf(true)
		ctx, stop := context.WithTimeout(context.Background(), time.Second)
		defer stop()
		if p, r := atmodem.Open(ctx, atmodem.Config{Name: "fxo1", Dial: m.Dial}); p != nil || r.Outcome != atmodem.Failed {
			t.Error(r)
		}
	})
}
