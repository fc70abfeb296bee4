package pair

import (
	"fmt"
	"math"
	"math/cmplx"
	"strings"
	"testing"

	"github.com/centralita/centralita/dsp/echo"
	"github.com/centralita/centralita/dsp/goertzel"
	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/dsp/tone"
	"github.com/centralita/centralita/dsp/tone/plan"
)

func near(t *testing.T, what string, got, want, within float64) {
	t.Helper()
	if !(math.Abs(got-want) <= within) {
		t.Errorf("%s is %.3f, not %.3f ±%g", what, got, want, within)
	}
}

func network(t *testing.T, text string) Network {
	t.Helper()
	n, err := ParseNetwork(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestNetworksAreReadAndWritten(t *testing.T) {
	for _, text := range []string{"600", "270+750||150n", "900+2160n", "320+1050||230n"} {
		if got := network(t, text).String(); got != text {
			t.Errorf("%s came back as %s", text, got)
		}
	}
	for _, text := range []string{"", "0", "-600", "600x", "600||", "750||150", "150n||2n", "NaN", "1+1+1+1+1+1+1"} {
		if n, err := ParseNetwork(text); err == nil {
			t.Errorf("%q is read as %s", text, n)
		}
	}
	for _, c := range plan.Countries() {
		if z := CountryNetwork(c).At(1000); real(z) < 300 || real(z) > 1200 || imag(z) > 0 {
			t.Errorf("%s: %v", c, z)
		}
	}
	// 750 Ω beside 150 nF at 1061 Hz, where the two are equal: half of it, 45 degrees.
	z := network(t, "270+750||150n").At(1e9 / (2 * math.Pi * 750 * 150))
	near(t, "real part", real(z), 270+375, 0.01)
	near(t, "imaginary part", imag(z), -375, 0.01)
}

// Return loss of a known mismatch: (900−600)/(900+600) is a fifth, 13.98 dB, at
// every frequency; nothing returns from the same network.
func TestReturnLoss(t *testing.T) {
	near(t, "900 on 600", ReturnLoss(Ohm(900), Network{}, 1000), 13.979, 0.001)
	near(t, "300 on 600", ReturnLoss(Ohm(300), Ohm(600), 3000), 9.542, 0.001)
	if r := ReturnLoss(network(t, "270+750||150n"), network(t, "270+750||150n"), 700); r < 200 {
		t.Errorf("a network on itself returns %g dB", r)
	}
	// The harmonised network on 600 Ω at 1 kHz by hand: Z = 270 + 750/(1+j·0.7069).
	z := 270 + 750/complex(1, 2*math.Pi*1000*750*150e-9)
	want := -20 * math.Log10(cmplx.Abs((z-600)/(z+600)))
	near(t, "complex on 600", ReturnLoss(network(t, "270+750||150n"), Network{}, 1000), want, 1e-9)
}

// 0.4 mm: some 280 Ω a km and 1.7 dB a km at 1 kHz, which grows with the root of
// the frequency (ITU-T G.996.1; the familiar figures of a pair).
func TestCable(t *testing.T) {
	c := Cable{Km: 3, MM: 0.4}
	near(t, "ohms of 3 km", c.Ohms(), 3*278.5, 3)
	near(t, "dB at 1 kHz", c.Loss(1000), 3*1.7, 0.3)
	near(t, "slope of two octaves", c.Loss(3200)/c.Loss(800), 2, 0.15)
	near(t, "thicker", Cable{Km: 3, MM: 0.8}.Ohms(), c.Ohms()/4, 1)
	// A chain of two pieces is the whole: ad−bc is 1, and 1+2 km are 3 km.
	m := Cable{Km: 1}.chain(1500).then(Cable{Km: 2}.chain(1500))
	n := Cable{Km: 3}.chain(1500)
	if d := m.a*m.d - m.b*m.c; cmplx.Abs(d-1) > 1e-9 || cmplx.Abs(m.b-n.b) > 1e-6 {
		t.Errorf("determinant %v, %v and %v", d, m.b, n.b)
	}
}

// Ohm's law: 48 V, 400 Ω of feed, the loop, 300 Ω of telephone.
func TestLoopCurrent(t *testing.T) {
	for _, c := range []struct {
		km       float64
		handset  bool
		amps, tV float64
	}{
		{0, false, 48.0 / 700, 48.0 / 700 * 300},
		{4, false, 48 / (700 + 4*278.52), 48 / (700 + 4*278.52) * 300},
		{0, true, 48.0 / 550 / 2, 48.0 / 550 * 150},
	} {
		d := Feed{}.Loop(Cable{Km: c.km}, true, c.handset)
		near(t, fmt.Sprint(c, " mA"), 1000*d.Amps, 1000*c.amps, 0.02)
		near(t, fmt.Sprint(c, " V"), d.Volts, c.tV, 0.02)
		if !d.Seen() {
			t.Errorf("%v: the office does not see the loop", c)
		}
	}
	if d := (Feed{}).Loop(Cable{}, false, false); d.Volts != 48 || d.Amps != 0 || d.Seen() {
		t.Errorf("on hook: %+v", d)
	}
	if d := (Feed{}).Loop(Cable{Km: 18}, true, false); d.Seen() {
		t.Errorf("18 km are seen: %+v", d)
	}
	near(t, "limited mA", 1000*Feed{LimitA: 0.025}.Loop(Cable{}, true, false).Amps, 25, 1e-9)
}

// The bell is heard to the end of a long line, and a closed loop trips it within
// 200 ms, sooner on a short line.
func TestRinging(t *testing.T) {
	last, trip := 100.0, 0.0
	for _, km := range []float64{0, 2, 5} {
		v, heard := Feed{}.Ring(Cable{Km: km})
		s, ok := Feed{}.Trip(Cable{Km: km}, false)
		if !heard || v >= last || !ok || s > 0.2 || s <= trip {
			t.Errorf("%g km: %.0f V, heard %t, trips %t in %.0f ms", km, v, heard, ok, 1000*s)
		}
		last, trip = v, s
	}
	if _, ok := (Feed{}).Trip(Cable{Km: 15}, false); ok {
		t.Error("the ring of 15 km is tripped")
	}
	for _, c := range plan.Countries() {
		f := CountryFeed(c)
		if v := orElse(f.RingVolts, usualRing); v < 75 || v > 90 {
			t.Errorf("%s rings with %g V", c, v)
		}
	}
}

// level returns the level of a frequency in the last second.
func level(x []int16, hz float64) float64 {
	b := goertzel.New(hz)
	b.Feed(x[len(x)-pcm.Rate:])
	return 10 * math.Log10(float64(goertzel.Power(b.Take()[0]))/(pcm.Peak(0)*pcm.Peak(0))+1e-15)
}

// carry sends a tone from the office (or the port) for 1.5 s and returns what both hear.
func carry(p *Pair, hz float64, fromPort bool) (port, office []int16) {
	var t tone.Player
	t.Start(tone.Continuous(tone.Partial{Hz: hz, DBm0: -10}))
	for range 75 {
		var a, b, in, out pcm.Frame
		t.Fill(&a)
		if fromPort {
			a, b = b, a
		}
		p.Frame(&a, &b, &in, &out, nil)
		port, office = append(port, in[:]...), append(office, out[:]...)
	}
	return port, office
}

// The filters do what the circuit says, at every frequency of the band, both ways,
// echoes too.
func TestFiltersFollowTheCircuit(t *testing.T) {
	for _, cfg := range []Config{
		{},
		{Cable: Cable{Km: 3}},
		{Cable: Cable{Km: 5, MM: 0.5}, Office: Termination{Impedance: CountryNetwork("DE")}, Port: Termination{Impedance: CountryNetwork("GB")}},
		{Cable: Cable{Km: 1}, Handset: true},
	} {
		p, err := New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		p.Hook(true)
		c := p.circuit()
		for _, hz := range []float64{300, 425, 1004, 1700, 2100, 3000, 3400} {
			in, own := carry(p, hz, false)
			near(t, fmt.Sprintf("%+v down at %g", cfg, hz), level(in, hz), -10+20*math.Log10(cmplx.Abs(c.down(hz))), 0.4)
			echoed(t, "office", level(own, hz), cmplx.Abs(c.officeEcho(hz)))
			echo, out := carry(p, hz, true)
			near(t, fmt.Sprintf("%+v up at %g", cfg, hz), level(out, hz), -10+20*math.Log10(cmplx.Abs(c.up(hz))), 0.4)
			echoed(t, "port", level(echo, hz), cmplx.Abs(c.portEcho(hz)))
		}
	}
}

// echoed compares an echo, as long as it is over 30 dB under the voice.
func echoed(t *testing.T, who string, got, gain float64) {
	t.Helper()
	want := -10 + 20*math.Log10(gain+1e-9)
	if want < -40 {
		if got > -38 {
			t.Errorf("%s hears itself at %.1f dBm0, not %.1f", who, got, want)
		}
		return
	}
	near(t, who+" hears itself", got, want, 1)
}

func TestNothingIsLostOrReturnedWithoutAPair(t *testing.T) {
	p, err := New(Config{})
	if err != nil {
		t.Fatal(err)
	}
	p.Hook(true)
	near(t, "loss", p.Loss(1000), 0, 1e-9)
	if p.ERL() < 90 || p.OfficeERL() < 90 {
		t.Errorf("ERL %.1f and %.1f dB of equal resistors", p.ERL(), p.OfficeERL())
	}
	// On hook the line is nearly open: twice the voltage, and nothing goes out.
	p.Hook(false)
	near(t, "gain on hook", -p.Loss(1000), 20*math.Log10(2*listening/(listening+600)), 1e-9)
	if _, out := carry(p, 1000, true); level(out, 1000) > -90 {
		t.Error("a port on hook is heard")
	}
}

// A second telephone takes 3.5 dB (600 Ω beside 600 Ω from 600 Ω: two thirds) and
// half of the port's current.
func TestHandset(t *testing.T) {
	p, err := New(Config{})
	if err != nil {
		t.Fatal(err)
	}
	p.Hook(true)
	alone := p.Direct()
	p.Lift(true)
	near(t, "loss", p.Loss(1000), 20*math.Log10(1.5), 1e-9)
	if d := p.Direct(); d.Amps > 0.7*alone.Amps || d.Loop < 1.2*alone.Loop {
		t.Errorf("alone %+v, with a handset %+v", alone, d)
	}
	p.Lift(false)
	if p.Direct() != alone {
		t.Error("the handset is not hung up")
	}
}

// The canceller measures the echo return loss that is computed, within 2 dB.
func TestERLIsMeasured(t *testing.T) {
	for _, c := range []struct {
		name string
		cfg  Config
	}{
		{"900 on 600", Config{Port: Termination{Impedance: Ohm(900)}}},
		{"300 on 600", Config{Port: Termination{Impedance: Ohm(300)}}},
		{"3 km of 0.4 mm", Config{Cable: Cable{Km: 3}}},
		{"Spain, card at 600, 2 km", Config{Cable: Cable{Km: 2}, Office: Termination{Impedance: CountryNetwork("ES")}}},
		{"Britain, card at Britain's, 4 km", Config{Cable: Cable{Km: 4, MM: 0.5}, Office: Termination{Impedance: CountryNetwork("GB")}, Port: Termination{Impedance: CountryNetwork("GB")}}},
		{"a handset", Config{Handset: true}},
	} {
		p, err := New(c.cfg)
		if err != nil {
			t.Fatal(err)
		}
		p.Hook(true)
		e, err := echo.New(echo.Options{Tail: 32, NoSuppressor: true})
		if err != nil {
			t.Fatal(err)
		}
		voice := newPicked(Disturbances{Noise: -16}, 5)
		for range 250 { // 5 s
			var office, port, in, out, rest pcm.Frame
			var x [pcm.FrameLen]float64
			voice.add(&x, nil)
			for i := range port {
				port[i] = whole(x[i])
			}
			p.Frame(&office, &port, &in, &out, nil)
			e.Process(&port, &in, &rest)
		}
		r := e.Report()
		if !r.Known {
			t.Errorf("%s: the canceller knows no echo (%v)", c.name, r)
		}
		near(t, c.name, r.ERL, p.ERL(), 2)
		near(t, c.name+" delay in ms", r.Delay, ahead/8.0, 0.6)
	}
}

// The far subscriber's echo comes after twice the way, as much weaker as is said.
func TestFarEcho(t *testing.T) {
	p, err := New(Config{FarLoss: 20, FarDelay: 30})
	if err != nil {
		t.Fatal(err)
	}
	p.Hook(true)
	var x []int16
	for n := range 20 {
		var office, port, in, out pcm.Frame
		if n == 0 {
			port[0] = 20000
		}
		p.Frame(&office, &port, &in, &out, nil)
		x = append(x, in[:]...)
	}
	at := 0
	for i, v := range x {
		if max(v, -v) > max(x[at], -x[at]) {
			at = i
		}
	}
	near(t, "samples until the far echo", float64(at), 60*8+2*ahead, 2)
	if v := float64(max(x[at], -x[at])); v < 1400 || v > 2100 { // less what the converters' edge takes
		t.Errorf("the far echo of 20000 has %.0f", v)
	}
}

func TestDisturbances(t *testing.T) {
	listen := func(d Disturbances, seed uint64, neighbour *pcm.Frame) []int16 {
		p, err := New(Config{Disturbances: d, Seed: seed})
		if err != nil {
			t.Fatal(err)
		}
		var x []int16
		for range 500 {
			var office, port, in, out pcm.Frame
			p.Frame(&office, &port, &in, &out, neighbour)
			x = append(x, in[:]...)
		}
		return x
	}
	white := listen(Disturbances{Noise: -50}, 1, nil)
	near(t, "white noise", pcm.Level(white), -50, 0.3)
	near(t, "pink noise", pcm.Level(listen(Disturbances{Noise: -50, Pink: true}, 1, nil)), -50, 0.7)
	hum := listen(Disturbances{Hum: -30, HumHz: 60}, 1, nil)
	near(t, "hum", pcm.Level(hum), -30, 0.3)
	if level(hum, 60) < level(hum, 180) || level(hum, 180) < level(hum, 120) || level(hum, 300) < -50 {
		t.Error("the harmonics of hum are not as rectifiers make them")
	}
	clicks := 0
	for i, x := 0, listen(Disturbances{Impulses: 60}, 1, nil); i < len(x); i++ {
		if x[i] > 2000 || x[i] < -2000 {
			clicks, i = clicks+1, i+400
		}
	}
	if clicks < 4 || clicks > 20 {
		t.Errorf("%d clicks in ten seconds of 60 a minute", clicks)
	}
	var voice pcm.Frame
	var p tone.Player
	p.Start(tone.Continuous(tone.Partial{Hz: 1000, DBm0: -10}))
	p.Fill(&voice) // 20 periods: it may be repeated
	near(t, "crosstalk at 1 kHz", level(listen(Disturbances{Crosstalk: 45}, 1, &voice), 1000), -55, 0.5)
	if same := listen(Disturbances{Noise: -50}, 1, nil); fmt.Sprint(same[:50]) != fmt.Sprint(white[:50]) {
		t.Error("the same seed makes another line")
	}
	if other := listen(Disturbances{Noise: -50}, 2, nil); fmt.Sprint(other[:50]) == fmt.Sprint(white[:50]) {
		t.Error("another seed makes the same line")
	}
}

func TestWhatCannotBeLaid(t *testing.T) {
	for _, c := range []Config{{Cable: Cable{Km: -1}}, {Cable: Cable{Km: 21}}, {Cable: Cable{MM: 5}}, {FarLoss: 20, FarDelay: 251}} {
		if _, err := New(c); err == nil || !strings.HasPrefix(err.Error(), "cannot ") {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

func TestNothingIsAllocated(t *testing.T) {
	p, err := New(Config{Cable: Cable{Km: 2}, FarLoss: 20, FarDelay: 20, Disturbances: Disturbances{Noise: -60, Hum: -50, Impulses: 100, Crosstalk: 60}})
	if err != nil {
		t.Fatal(err)
	}
	p.Hook(true)
	var a, b, c, d pcm.Frame
	if n := testing.AllocsPerRun(100, func() { p.Frame(&a, &b, &c, &d, &a) }); n != 0 {
		t.Errorf("%v allocations a frame", n)
	}
}

func BenchmarkFrame(b *testing.B) {
	p, err := New(Config{Cable: Cable{Km: 2}, Disturbances: Disturbances{Noise: -60}})
	if err != nil {
		b.Fatal(err)
	}
	p.Hook(true)
	var c, d pcm.Frame
	x := pcm.Frame{0: 1000}
	for b.Loop() {
		p.Frame(&x, &x, &c, &d, nil)
	}
}
