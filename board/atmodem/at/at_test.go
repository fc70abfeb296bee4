package at

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/centralita/centralita/dsp/pcm"
	"pgregory.net/rapid"

	"github.com/centralita/centralita/hal/port"
)

// told is what tokens say, sound joined over their borders.
func told(tokens []Token) (s string, sound []byte) {
	var b strings.Builder
	for _, t := range tokens {
		if t.Kind == Sound {
			sound = append(sound, t.Data...)
			continue
		}
		b.WriteString(t.String() + "\n")
	}
	return b.String(), sound
}

func TestDecoder(t *testing.T) {
	for name, c := range map[string]struct {
		in    string
		arm   bool
		want  string
		sound string
	}{
		"V.250 5.7.1 verbose":              {"\r\nOK\r\n", false, "line \"OK\"\n", ""},
		"LF alone ends a line":             {"OK\nRING\n", false, "line \"OK\"\nline \"RING\"\n", ""},
		"CR alone ends a line":             {"AT\rOK\r", false, "line \"AT\"\nline \"OK\"\n", ""},
		"control characters are noise":     {"\x00O\x07K\x11\x13\r", false, "line \"OK\"\n", ""},
		"CONNECT unarmed is a line":        {"CONNECT\r\nabc\r", false, "line \"CONNECT\"\nline \"abc\"\n", ""},
		"sound begins behind CONNECT":      {"\r\nCONNECT\r\n\nab", true, "line \"CONNECT\"\n", "\nab"},
		"CONNECT with CR only":             {"\rCONNECT\rab", true, "line \"CONNECT\"\n", "ab"},
		"V.253 9.1 two DLE are one":        {"CONNECT\r\n\x10\x10a\x10\x10", true, "line \"CONNECT\"\n", "\x10a\x10"},
		"DLE SUB is a pair":                {"CONNECT\r\na\x10\x1ab", true, "line \"CONNECT\"\n", "a\x10\x10b"},
		"codes in sound leave no gap":      {"CONNECT\r\nab\x10bcd", true, "line \"CONNECT\"\ncode 'b'\n", "abcd"},
		"DLE ETX ends, lines follow":       {"CONNECT\r\nab\x10\x03\r\nVCON\r\n", true, "line \"CONNECT\"\nend of the stream\nline \"VCON\"\n", "ab"},
		"codes between lines":              {"\x10R\r\nOK\r\n\x105", false, "code 'R'\nline \"OK\"\ncode '5'\n", ""},
		"a complex event is passed over":   {"\x10XABC=1;D\x10.\r\nOK\r\n", false, "line \"OK\"\n", ""},
		"DLE and control is nothing":       {"\x10\x00OK\r", false, "line \"OK\"\n", ""},
		"empty lines are none":             {"\r\n\r\n\r\n", false, "", ""},
		"the stream may end at once":       {"CONNECT\r\n\x10\x03", true, "line \"CONNECT\"\nend of the stream\n", ""},
		"a rate behind CONNECT is allowed": {"CONNECT 115200\r\nx", true, "line \"CONNECT 115200\"\n", "x"},
	} {
		t.Run(name, func(t *testing.T) {
			for cut := range len(c.in) + 1 { // wherever the bytes are cut
				var d Decoder
				if c.arm {
					d.Arm()
				}
				var all string
				var sound []byte
				for _, part := range []string{c.in[:cut], c.in[cut:]} {
					s, b := told(d.Feed([]byte(part), nil))
					all, sound = all+s, append(sound, b...)
				}
				if all != c.want || string(sound) != c.sound {
					t.Fatalf("cut at %d: %q and sound %q", cut, all, sound)
				}
			}
		})
	}
}

func TestDecoderKeepsALongLineShort(t *testing.T) {
	var d Decoder
	for range 1000 {
		if out := d.Feed(bytes.Repeat([]byte("x"), 1000), nil); len(out) > 0 {
			t.Fatal(out)
		}
	}
	out := d.Feed([]byte("\r\nOK\r\n"), nil)
	if len(out) != 2 || len(out[0].Text) != maxLine || out[1].Text != "OK" || cap(d.line) > 2*maxLine {
		t.Errorf("%d tokens, %d kept, room for %d", len(out), len(out[0].Text), cap(d.line))
	}
}

func TestDecoderToText(t *testing.T) {
	var d Decoder
	d.Arm()
	d.Feed([]byte("CONNECT\r\nsound\x10"), nil)
	d.ToText()
	if s, _ := told(d.Feed([]byte("\r\nOK\r\n"), nil)); s != "line \"OK\"\n" || d.Voice() {
		t.Errorf("%q", s)
	}
}

// Whatever is shielded comes out as it was (V.253 clause 9.1).
func TestShieldIsTakenOff(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		data := rapid.SliceOf(rapid.OneOf(rapid.Byte(), rapid.SampledFrom([]byte{dle, etx, sub, 'X', '\r', '\n'}))).Draw(t, "data")
		var d Decoder
		d.Arm()
		d.Feed([]byte("CONNECT\r\n"), nil)
		var got []byte
		shielded := Shield(nil, data)
		for len(shielded) > 0 {
			k := rapid.IntRange(1, len(shielded)).Draw(t, "cut")
			s, b := told(d.Feed(shielded[:k], nil))
			if s != "" {
				t.Fatalf("it says %q", s)
			}
			got, shielded = append(got, b...), shielded[k:]
		}
		if !bytes.Equal(got, data) {
			t.Fatalf("%q became %q", data, got)
		}
	})
}

func FuzzDecoder(f *testing.F) {
	f.Add([]byte("\r\nRING\r\nNMBR = 123\r\n\x10R\x10\x10\x10\x03\x10X..\x10."), uint8(3), true)
	f.Add([]byte("CONNECT\r\n\x10"), uint8(1), true)
	f.Add([]byte{0xFF, 0x00, 0x10, 0x10, 0x10}, uint8(9), false)
	f.Fuzz(func(t *testing.T, in []byte, cut uint8, arm bool) {
		var whole, parts Decoder
		if arm {
			whole.Arm()
			parts.Arm()
		}
		want, sound := told(whole.Feed(in, nil))
		var got string
		var heard []byte
		for rest := in; len(rest) > 0; {
			k := min(int(cut)+1, len(rest))
			s, b := told(parts.Feed(rest[:k], nil))
			got, heard, rest = got+s, append(heard, b...), rest[k:]
		}
		if got != want || !bytes.Equal(sound, heard) {
			t.Errorf("whole %q %q, in parts %q %q", want, sound, got, heard)
		}
		if len(sound) > len(in) || len(whole.line) > maxLine {
			t.Errorf("%d bytes of sound and a line of %d from %d bytes", len(sound), len(whole.line), len(in))
		}
	})
}

func TestRead(t *testing.T) {
	for line, want := range map[string]Reading{
		"OK": {Kind: OK}, "VCON": {Kind: OK}, " OK ": {Kind: OK}, "OKAY": {},
		"ERROR": {Kind: Error}, "+CME ERROR: 3": {Kind: Error}, "CONNECT": {Kind: Connect}, "CONNECT 9600": {Kind: Connect},
		"RING": {Kind: Ring}, "RING A": {Kind: Ring}, "+CRING: VOICE": {Kind: Ring}, "RINGING": {},
		"NO CARRIER": {Kind: NoCarrier}, "BUSY": {Kind: Busy}, "NO DIALTONE": {Kind: NoDialtone}, "NO DIAL TONE": {Kind: NoDialtone},
		"NO ANSWER":  {Kind: NoAnswer},
		"NMBR = 123": {Field, "NMBR", "123"}, "NMBR=123": {Field, "NMBR", "123"}, "DDN_NMBR= 5": {Field, "NMBR", "5"},
		"NAME = A=B": {Field, "NAME", "A=B"}, "FOO = 1": {}, "": {}, "=": {},
	} {
		if got := Read(line); got != want {
			t.Errorf("%q is %+v", line, got)
		}
	}
}

// The exchange's date comes in fields, or in the message as it was on the line.
func TestDateOfCallerID(t *testing.T) {
	want := port.Date{Month: 11, Day: 23, Hour: 20, Minute: 5}
	for name, fields := range map[string][][2]string{
		"fields":           {{"DATE", "1123"}, {"TIME", "2005"}, {"NMBR", "600"}},
		"time first":       {{"TIME", "2005"}, {"DATE", "1123"}},
		"multiple message": {{"MESG", "800E" + "0108" + "3131323332303035" + "0203" + "363030"}},
		"single message":   {{"MESG", "040B" + "3131323332303035" + "363030"}},
	} {
		var id ID
		for _, f := range fields {
			id.Take(Reading{Kind: Field, Name: f[0], Value: f[1]})
		}
		if id.Date != want {
			t.Errorf("%s: %+v", name, id.Date)
		}
	}
	for _, f := range [][2]string{{"1323", "2005"}, {"0023", "2005"}, {"1132", "2005"}, {"1123", "2405"}, {"1123", "2060"}, {"112", "2005"}, {"11x3", "2005"}, {"1123", ""}} {
		var id ID
		id.Take(Reading{Kind: Field, Name: "DATE", Value: f[0]})
		id.Take(Reading{Kind: Field, Name: "TIME", Value: f[1]})
		if id.Date.Known() {
			t.Errorf("%v is taken as %+v", f, id.Date)
		}
	}
}

func FuzzCallerID(f *testing.F) {
	for _, s := range []string{"801A010831313231323330350209363030313233343536070350455000", "0411313132313233303536303031323334353600", "040150", "80", "8002", "zz", "80 02 FF FF"} {
		f.Add("MESG", s)
	}
	f.Add("NMBR", "P")
	f.Fuzz(func(t *testing.T, name, value string) {
		var id ID
		id.Take(Reading{Kind: Field, Name: name, Value: value})
		if len(id.Number)+len(id.Name) > len(value) || id.Number != "" && id.Absence != "" {
			t.Errorf("%q %q became %+v", name, value, id)
		}
	})
}

func TestReadFormat(t *testing.T) {
	for line, want := range map[string]Format{
		`1,"UNSIGNED PCM",8,0,8000,0,0`:                        {1, "UNSIGNED PCM", Unsigned8},
		`0,"SIGNED PCM",8,0,8000,0,0`:                          {0, "SIGNED PCM", Signed8},
		`+VSM: 131,"ULAW",8,0,8000,0,0`:                        {131, "ULAW", ULaw},
		`132,"ALAW",8,0,8000,0,0`:                              {132, "ALAW", ALaw},
		`4,"G.711U",8,0,(8000),0,0`:                            {},
		`4,"U-LOG/CCITT",8,0,(7200-8000,11025),(0),(0)`:        {4, "U-LOG/CCITT", ULaw},
		`128,"8-BIT LINEAR",(7200,8000,11025)`:                 {128, "8-BIT LINEAR", Unsigned8},
		`129,"16-BIT LINEAR",(7200,8000,11025)`:                {129, "16-BIT LINEAR", Linear16},
		`16,"SIGNED PCM",16,0,(8000),0,0`:                      {16, "SIGNED PCM", Linear16},
		`17,"UNSIGNED PCM",16,0,8000,0,0`:                      {},
		`128,"SIGNED PCM",12,0,(7200-8000,11025),(127-129),()`: {},
		`129,"IMA ADPCM",4,0,8000,0,0`:                         {},
		`130,"UNSIGNED PCM",8,0,(7200,11025),0,0`:              {},
		`3;ADPCM;3;0;(9600)`:                                   {},
		`1;LINEAR;8;0;(8000)`:                                  {1, "LINEAR", Unsigned8},
		`x,"PCM",8`:                                            {},
		`99999,"PCM",8,0,8000`:                                 {},
		`OK`:                                                   {},
		`1,"PCM (a,b)",8,0,8000`:                               {1, "PCM (a,b)", Unsigned8},
	} {
		f, ok := ReadFormat(line)
		if !ok {
			f = Format{}
		}
		if f != want {
			t.Errorf("%s: %+v %t", line, f, ok)
		}
	}
}

func FuzzReadFormat(f *testing.F) {
	f.Add(`1,"UNSIGNED PCM",8,0,(7200-8000,11025),0,0`)
	f.Add(`((((,,,"`)
	f.Fuzz(func(t *testing.T, line string) {
		if g, ok := ReadFormat(line); ok && g.Coding >= unknown {
			t.Errorf("%q is %+v", line, g)
		}
	})
}

func TestChooseTakesTheBestTheLineCarries(t *testing.T) {
	all := []string{`0,"SIGNED PCM",8,0,8000,0,0`, `1,"UNSIGNED PCM",8,0,8000,0,0`, `131,"ULAW",8,0,8000,0,0`, `16,"SIGNED PCM",16,0,8000,0,0`, "noise"}
	for wide, want := range map[bool]int{true: 16, false: 131} {
		if f, err := Choose(all, wide); err != nil || f.ID != want {
			t.Errorf("wide %t: %+v, %v", wide, f, err)
		}
	}
	if _, err := Choose([]string{"129,\"IMA ADPCM\",4,0,8000,0,0"}, true); err == nil || !strings.Contains(err.Error(), "IMA ADPCM") {
		t.Error(err)
	}
}

// A sample comes back as near as its coding allows.
func TestCodings(t *testing.T) {
	for c, most := range map[Coding]int32{Linear16: 0, ULaw: 644, ALaw: 512, Unsigned8: 255, Signed8: 255} {
		var f, g pcm.Frame
		r := rand.New(rand.NewPCG(1, 2))
		for range 300 {
			for i := range f {
				f[i] = int16(r.Uint32())
			}
			b := c.Encode([]byte("x"), &f)
			if len(b) != 1+pcm.FrameLen*c.Bytes() {
				t.Fatalf("%s: %d bytes", c, len(b))
			}
			c.Decode(&g, b[1:])
			for i := range f {
				if d := int32(f[i]) - int32(g[i]); d > most || d < -most {
					t.Fatalf("%s: %d became %d", c, f[i], g[i])
				}
			}
		}
		f.Silence()
		if c.Decode(&g, c.Encode(nil, &f)); g.Level() > -60 {
			t.Errorf("%s: silence is at %.0f dBm0", c, g.Level())
		}
	}
}

func TestSoundAllocatesNothing(t *testing.T) {
	var d Decoder
	d.Arm()
	d.Feed([]byte("CONNECT\r\n"), nil)
	var f pcm.Frame
	in := Shield(nil, Linear16.Encode(nil, &f))
	out := d.Feed(in, nil)
	buf := make([]byte, 0, 4*pcm.FrameLen)
	if n := testing.AllocsPerRun(100, func() {
		out = d.Feed(in, out[:0])
		Linear16.Decode(&f, out[0].Data)
		buf = ULaw.Encode(buf[:0], &f)
	}); n > 0 {
		t.Errorf("%v allocations a frame", n)
	}
}

func BenchmarkFrame(b *testing.B) {
	var d Decoder
	d.Arm()
	d.Feed([]byte("CONNECT\r\n"), nil)
	var f pcm.Frame
	in := Shield(nil, Linear16.Encode(nil, &f))
	var out []Token
	b.SetBytes(int64(len(in)))
	for b.Loop() {
		out = d.Feed(in, out[:0])
		Linear16.Decode(&f, out[0].Data)
	}
}
