package cid

import (
	"bytes"
	"math"
	"reflect"
	"testing"

	"github.com/centralita/centralita/dsp/dtmf"
	"github.com/centralita/centralita/dsp/fsk"
	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/dsp/tone"
)

// want checks that exactly one message was received, and which.
func want(t *testing.T, name string, got []Message, s Standard, raw []byte) {
	t.Helper()
	if len(got) != 1 || got[0].Standard != s || !bytes.Equal(got[0].Raw, raw) {
		t.Errorf("%s: received %d messages %+v, not one by %v: % x", name, len(got), got, s, raw)
	}
}

func TestWhatIsSentIsReceived(t *testing.T) {
	r := rng(11)
	for name, how := range map[string]Sending{
		"GR-30 on hook":                       {Standard: Bell202},
		"GR-30 while talking, mark alone":     {Standard: Bell202, Alert: AlertTalkMs, Talk: true},
		"EN 300 659-1 § 6.1.1 between rings":  {Standard: V23},
		"EN 300 659-1 § 6.1.2, SIN 227 alert": {Standard: V23, Alert: AlertMs},
		"quiet":                               {Standard: V23, Level: -44},
	} {
		for range 3 {
			i := someone(&r)
			x, err := sentBy(i, how)
			if err != nil {
				t.Fatal(err)
			}
			raw, _ := Encode(i)
			got := receive(noise(x, -65, &r))
			want(t, name, got, how.Standard, raw)
			if len(got) == 1 && !reflect.DeepEqual(got[0].Info, i) {
				t.Errorf("%s:\n%+v\n%+v", name, got[0].Info, i)
			}
		}
	}
}

func TestEveryKindOfMessage(t *testing.T) {
	for _, i := range []Info{
		{Type: SingleCall, Date: Date{9, 30, 12, 24}, Number: "6095551212"},
		{Type: SingleCall, Date: Date{9, 30, 12, 24}, NoNumber: Private},
		{Type: SingleWaiting, Lamp: LampOn},
		{Type: Call, NoNumber: Unavailable, NoName: Private},
		{Type: Waiting, Lamp: LampOff},
		{Type: Call, CallType: MessageWaiting, Number: "1", Name: "Ñandú Peñíscola", Messages: 3},
		{Type: Call, Number: "12", Others: []Parameter{{0xE0, bytes.Repeat([]byte{0x80, 4, 6}, 60)}}},
	} {
		for s := Bell202; s <= V23; s++ {
			x, err := sentBy(i, Sending{Standard: s})
			if err != nil {
				t.Fatal(err)
			}
			raw, _ := Encode(i)
			want(t, "message", receive(x), s, raw)
		}
	}
}

// EN 300 659-1 annex B: keys, at all levels from −3 to −40 dBm0, before any ring.
func TestKeysAreReceived(t *testing.T) {
	r := rng(4)
	for _, c := range []struct {
		i    Info
		how  Sending
		want string
	}{
		{Info{Number: "600123456"}, Sending{Standard: DTMF}, "A600123456C"},
		{Info{Number: "600123456", Redirecting: "911"}, Sending{Standard: DTMF, Level: -40}, "A600123456D911C"},
		{Info{Number: "44556677"}, Sending{Standard: DTMF, End: '#', Level: -3}, "A44556677#"},
		{Info{NoNumber: Private}, Sending{Standard: DTMF}, "B10C"},
	} {
		x, err := sentBy(c.i, c.how)
		if err != nil {
			t.Fatal(err)
		}
		got := receive(noise(x, -60, &r))
		want(t, "keys", got, DTMF, []byte(c.want))
		if len(got) == 1 && (got[0].Number != c.i.Number || got[0].At < 90 || got[0].At > 110) {
			t.Errorf("%+v", got[0])
		}
	}
}

func TestCategoryOfBrazil(t *testing.T) {
	x, _ := sentBy(Info{Number: "11155551234"}, Sending{Standard: DTMF})
	r := NewReceiver()
	r.Category = true
	got := r.Feed(samples(x), nil)
	if len(got) != 1 || got[0].Number != "1155551234" || got[0].Category != '1' {
		t.Errorf("%+v", got)
	}
}

// Keys that a person dials are no caller id, nor are halves of one.
func TestKeysThatAreNoCallerID(t *testing.T) {
	for _, keys := range []string{"600123456", "A600123456", "123#", "*21*600#", "A600,,C", "AC"} {
		spec, err := dtmf.Spec(keys, dtmf.Sending{})
		if err != nil {
			t.Fatal(err)
		}
		var p tone.Player
		p.Start(spec)
		n, _ := spec.Samples()
		x := make([]int16, n)
		p.FillSamples(x)
		if got := receive(padded(x)); len(got) > 0 {
			t.Errorf("%s: %+v", keys, got)
		}
	}
}

// figures.md, caller id: SNR over 0–4 kHz. The quick part of the table.
func TestNoise(t *testing.T) {
	r := rng(99)
	for m, least := range map[fsk.Mode]map[float64]int{fsk.Bell202: {6: 10, 8: 12}, fsk.V23: {6: 10, 8: 12}} {
		for snr, least := range least {
			good := 0
			for range 12 {
				raw, _ := Encode(someone(&r))
				got := receive(noise(octetsOf(summed(raw), fsk.Sending{Mode: m}), level-snr, &r))
				if len(got) == 1 && bytes.Equal(got[0].Raw, raw) {
					good++
				} else if len(got) > 0 {
					t.Errorf("%v, %v dB: a wrong message is told: %+v", m, snr, got)
				}
			}
			if good < least {
				t.Errorf("%v, %v dB: %d of 12 messages, %d are wanted", m, snr, good, least)
			}
		}
	}
}

// GR-30 § 2.4.1: what does not add up is not told, nor what is cut off, nor what
// says nothing although it adds up.
func TestNoWrongMessageIsTold(t *testing.T) {
	r := rng(8)
	for m := range fsk.Mode(2) {
		for k := range 8 {
			raw, _ := Encode(someone(&r))
			bad := summed(raw)
			switch k % 4 {
			case 0: // a bit is wrong
				bad[r.below(len(bad))] ^= 1 << r.below(8)
			case 1: // the end is missing
				bad = bad[:len(bad)-1-r.below(10)]
			case 2: // an octet is missing
				at := 2 + r.below(len(bad)-3)
				bad = append(bad[:at], bad[at+1:]...)
			case 3: // two octets are swapped by one half each
				bad[4] ^= 0x10
				bad[7] ^= 0x20
			}
			if got := receive(octetsOf(bad, fsk.Sending{Mode: m})); len(got) > 0 {
				t.Errorf("%v, fault %d: % x\nis told as %+v", m, k%4, bad, got)
			}
		}
		for _, empty := range []string{"\x80\x00", "\x04\x00", "\x82\x00", "\x80\x02\x02\x00", "\x80\x06\x01\x00\x02\x00\x07\x00", "\x80\x03\x77\x01\x05", "\x00", "\x55\x01\x31"} {
			if got := receive(octetsOf(summed([]byte(empty)), fsk.Sending{Mode: m})); len(got) > 0 {
				t.Errorf("%v: %q is told as %+v", m, empty, got)
			}
		}
	}
}

// Two weak bits at the same place of two octets leave the checksum right.
func TestTwoWeakBitsAreNotBelieved(t *testing.T) {
	raw := []byte{Call, 5, ParamNumber, 3, '1', '2', '3'}
	octets := make([]fsk.Octet, 8)
	for k, v := range summed(raw) {
		octets[k].Value = v
		for b := range 8 {
			if octets[k].Soft[b] = -fsk.Full; v>>b&1 == 1 {
				octets[k].Soft[b] = fsk.Full
			}
		}
	}
	told := func() bool {
		var a assembler
		var f found
		for _, o := range octets {
			if a.push(o, &f) {
				return true
			}
		}
		return false
	}
	if !told() {
		t.Fatal("a sure message is not told")
	}
	octets[4].Soft[1] = -300 // '1' may be '3'
	if !told() {
		t.Error("a message with one weak bit is not told")
	}
	octets[6].Soft[1] = 300 // and '3' may be '1'
	if told() {
		t.Error("a message with two weak bits that cancel is told")
	}
	octets[6].Soft[1] = fsk.Full
	octets[5].Soft[0] = -300 // another place: the sum would change
	if !told() {
		t.Error("two weak bits at different places do not cancel")
	}
	octets[0].Soft[7], octets[1].Soft[7] = 300, -300 // together they add 256
	if told() {
		t.Error("a message with two weak highest bits is told")
	}
}

// Two clicks may break two octets in ways that cancel.
func TestTwoClicksAreNotBelieved(t *testing.T) {
	r := rng(17)
	raw, _ := Encode(Info{Number: "600123456", Name: "TELEFONICA"})
	for clicks := range 4 {
		x := octetsOf(summed(raw), fsk.Sending{})
		for k := range clicks { // between the tones' own samples: loud, and harmless here
			at := 800 + (SeizureBits+MarkBits)*20/3 + 330 + 500*k
			for i := range 4 {
				x[at+i] += 20000 * float64(1-2*(i%2)) * (0.9 + 0.2*r.next())
			}
		}
		if got := len(receive(x)); clicks < 2 && got != 1 || clicks >= 2 && got != 0 {
			t.Errorf("%d clicks: %d messages", clicks, got)
		}
	}
}

func TestDeaf(t *testing.T) {
	r := rng(2)
	i := someone(&r)
	raw, _ := Encode(i)
	x, _ := sentBy(i, Sending{Standard: V23})
	for s := Bell202; s <= DTMF; s++ {
		rec := NewReceiver()
		rec.Deaf = [3]bool{true, true, true}
		rec.Deaf[s] = false
		got := rec.Feed(samples(x), nil)
		if s == DTMF && len(got) > 0 {
			t.Errorf("%+v", got)
		}
		if s != DTMF { // the other modem hears it too
			want(t, s.String(), got, s, raw)
		}
	}
}

// EN 300 659-1 § 6: where the message was, and that it is told in time.
func TestWhereAndWhen(t *testing.T) {
	r := rng(21)
	for m := range fsk.Mode(2) {
		raw, _ := Encode(someone(&r))
		x := octetsOf(summed(raw), fsk.Sending{Mode: m})
		begin := 100 + float64(SeizureBits+MarkBits)/1.2
		end := begin + float64(len(raw)+1)*10/1.2
		rec := NewReceiver()
		var got []Message
		var told float64
		pcmOf := samples(append(x, make([]float64, 4000)...))
		for i := 0; i+pcm.FrameLen <= len(pcmOf) && len(got) == 0; i += pcm.FrameLen {
			got = rec.Process((*pcm.Frame)(pcmOf[i:]), got)
			told = float64(i+pcm.FrameLen) / 8
		}
		want(t, m.String(), got, Standard(m), raw)
		if len(got) == 1 && (math.Abs(float64(got[0].At)-begin) > 2 || math.Abs(float64(got[0].End)-end) > 2 || told > end+120) {
			t.Errorf("%v: began at %d, not %.0f; ended at %d, not %.0f; told at %.0f", m, got[0].At, begin, got[0].End, end, told)
		}
	}
}

func TestTwoMessagesInARow(t *testing.T) {
	r := rng(31)
	a, _ := Encode(someone(&r))
	b, _ := Encode(Info{Type: Waiting, Lamp: LampOn})
	x := octetsOf(summed(a), fsk.Sending{Mode: fsk.V23})
	x = append(x[:len(x)-700], octetsOf(summed(b), fsk.Sending{Mode: fsk.V23, Mark: 80})[700:]...)
	x = append(x, octetsOf(summed(b), fsk.Sending{Mode: fsk.V23})...)
	got := receive(x)
	if len(got) != 3 || !bytes.Equal(got[0].Raw, a) || !bytes.Equal(got[1].Raw, b) || !bytes.Equal(got[2].Raw, b) {
		t.Errorf("%+v", got)
	}
}

// Ringing is loud and may bleed into the audio before and after.
func TestBetweenRings(t *testing.T) {
	r := rng(41)
	for _, hz := range []float64{20, 25, 50} {
		ring := sine(make([]float64, 16000), hz, 3)
		raw, _ := Encode(someone(&r))
		x := append(append([]float64(nil), ring...), make([]float64, 4000)...)
		x = append(x, octetsOf(summed(raw), fsk.Sending{Mode: fsk.Bell202})...)
		x = append(x, make([]float64, 2000)...)
		want(t, "between rings", receive(append(x, ring...)), Bell202, raw)
	}
}

func TestSpeechNoiseAndTonesSayNothing(t *testing.T) {
	r := rng(51)
	for name, x := range map[string][]float64{
		"speech": speech(8, &r), "noise": noise(make([]float64, 24_000), -20, &r),
		"dial tone": sine(make([]float64, 16_000), 425, -10), "mark": sine(make([]float64, 16_000), 1300, -10),
		"fax": sine(make([]float64, 16_000), 2100, -10),
	} {
		if got := receive(x); len(got) > 0 {
			t.Errorf("%s says %+v", name, got)
		}
	}
}

// evening is everything a line may carry.
func evening() []int16 {
	r := rng(61)
	var x []float64
	for k, how := range []Sending{{Standard: Bell202}, {Standard: V23, Alert: AlertMs}, {Standard: DTMF}} {
		y, _ := sentBy(someone(&r), how)
		x = append(x, noise(y, -30-float64(k), &r)...)
	}
	return samples(append(x, make([]float64, 2000)...))
}

func TestAnyPieces(t *testing.T) {
	x := evening()
	want := NewReceiver().Feed(x, nil)
	if len(want) != 3 {
		t.Fatalf("%d messages are heard, 3 were sent: %+v", len(want), want)
	}
	r := rng(71)
	rec := NewReceiver()
	for range 2 {
		var got []Message
		for i := 0; i < len(x); {
			n := min(1+r.below(500), len(x)-i)
			got = rec.Feed(x[i:i+n], got)
			i += n
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("pieces change what is heard: %+v", got)
		}
		rec.Reset()
	}
}

func TestNoAllocation(t *testing.T) {
	x := evening()
	rec := NewReceiver()
	out := make([]Message, 0, 4)
	i := 0
	// The first message is over after 1 s; before that nothing may be allocated.
	if n := testing.AllocsPerRun(30, func() {
		out = rec.Process((*pcm.Frame)(x[i:]), out)
		i += pcm.FrameLen
	}); n != 0 || len(out) > 0 {
		t.Errorf("%v allocations a frame", n)
	}
	var s Sender
	var f pcm.Frame
	if err := s.Start(Info{Number: "600123456"}, Sending{Standard: V23, Alert: AlertMs}); err != nil {
		t.Fatal(err)
	}
	if n := testing.AllocsPerRun(30, func() { s.Fill(&f) }); n != 0 {
		t.Errorf("%v allocations a frame sent", n)
	}
}

func TestSendingFails(t *testing.T) {
	var s Sender
	for name, err := range map[string]error{
		"octets by DTMF": s.StartRaw([]byte{Call, 1, 2}, Sending{Standard: DTMF}),
		"nothing":        s.StartRaw(nil, Sending{}),
		"too much":       s.StartRaw(make([]byte, 258), Sending{}),
		"impossible":     s.Start(Info{Type: 0x55}, Sending{}),
		"end":            s.Start(Info{Number: "5"}, Sending{Standard: DTMF, End: '9'}),
	} {
		if err == nil || s.Sending() {
			t.Errorf("%s is sent", name)
		}
	}
}

func TestCountries(t *testing.T) {
	for _, c := range []struct {
		country string
		want    Standard
		before  bool
	}{{"ES", V23, false}, {"GB", V23, true}, {"US", Bell202, false}, {"MX", Bell202, false}, {"BR", DTMF, true}, {"XX", Bell202, false}} {
		if how, before := ForCountry(c.country); how.Standard != c.want || before != c.before {
			t.Errorf("%s: %v %v", c.country, how, before)
		}
	}
}

func BenchmarkReceiver(b *testing.B) {
	r := rng(1)
	for name, dbm0 := range map[string]float64{"quiet": -65, "hissing": -40} {
		x := samples(noise(make([]float64, 16_000), dbm0, &r))
		b.Run(name, func(b *testing.B) {
			rec := NewReceiver()
			b.ReportAllocs()
			for i := 0; b.Loop(); i = (i + 1) % 100 {
				rec.Process((*pcm.Frame)(x[i*pcm.FrameLen:]), nil)
			}
		})
	}
}
