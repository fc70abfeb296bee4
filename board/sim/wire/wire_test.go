package wire

import (
	"bytes"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"

	"github.com/centralita/centralita/dsp/pcm"
)

func samples() []Message {
	f := &pcm.Frame{0: 1, 1: -1, 2: 32767, 3: -32768, 159: 7}
	return []Message{
		{Kind: Hello, Board: Board{Version: Version, FXO: 4, FXS: 4, Country: "ES"}},
		{Kind: Hello, Board: Board{Version: Version}},
		{Kind: Bye, Text: "another test bench is connected"},
		{Kind: RingOn, Socket: FXO(1)}, {Kind: RingOff, Socket: FXS(127)},
		{Kind: Battery, Socket: FXO(3)}, {Kind: Polarity, Socket: FXO(3), On: true},
		{Kind: OffHook, Socket: FXS(1)}, {Kind: OnHook, Socket: FXS(1)}, {Kind: HookFlash, Socket: FXS(1)},
		{Kind: Pulses, Socket: FXS(1), Digit: '7'}, {Kind: Drop, Socket: FXS(1), Millis: 500},
		{Kind: Seize, Socket: FXO(1)}, {Kind: Release, Socket: FXO(1)}, {Kind: Flash, Socket: FXO(1)},
		{Kind: Audio, Socket: FXO(1), Frame: f},
		{Kind: Meter, Socket: FXO(1), DeciVolts: -481, DeciMilliAmps: 234},
		{Kind: Reverse, Socket: FXS(2), On: true}, {Kind: Neon, Socket: FXS(2)},
		{Kind: Tune, Socket: FXO(1), RxTenths: -35, TxTenths: 20, Impedance: "270+750||150n"},
	}
}

func TestThereAndBack(t *testing.T) {
	var stream []byte
	for _, m := range samples() {
		stream = m.Append(stream)
	}
	r := bytes.NewReader(stream)
	for _, want := range samples() {
		got, err := Read(r)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s came back as %s, %v", want, got, err)
		}
	}
	if _, err := Read(r); !errors.Is(err, io.EOF) {
		t.Errorf("at the end: %v", err)
	}
}

func TestLongTextIsCut(t *testing.T) {
	b := Message{Kind: Tune, Socket: FXO(1), Impedance: strings.Repeat("x", 300)}.Append(nil)
	m, err := Read(bytes.NewReader(b))
	if err != nil || len(m.Impedance) != MaxName {
		t.Errorf("%d bytes, %v", len(m.Impedance), err)
	}
}

func TestBroken(t *testing.T) {
	for name, b := range map[string][]byte{
		"a web browser":    []byte("GET / HTTP/1.1\r\n\r\n"),
		"no body":          {0, 2, byte(Battery), 1},
		"too much body":    {0, 3, byte(RingOn), 1, 9},
		"neither on nor":   {0, 3, byte(Battery), 1, 2},
		"unknown kind":     {0, 2, 0x7F, 1},
		"too short":        {0, 1, byte(RingOn)},
		"too long":         {0xFF, 0xFF, byte(Audio), 1},
		"half a length":    {0},
		"half a message":   {0, 9, byte(Hello)},
		"text over itself": {0, 4, byte(Bye), 0, 9, 'x'},
		"short audio":      {0, 4, byte(Audio), 1, 0, 0},
		"no wire's hello":  append([]byte{0, 10, byte(Hello), 0}, "wine\x01\x04\x04\x00"...),
		"half a reading":   {0, 4, byte(Meter), 1, 0, 0},
		"tuned to nothing": {0, 6, byte(Tune), 1, 0, 0, 0, 0},
		"pulse of a star":  {0, 3, byte(Pulses), 0x81, '*'},
	} {
		if m, err := Read(bytes.NewReader(b)); err == nil || errors.Is(err, io.EOF) && len(b) > 1 && name != "half a message" {
			t.Errorf("%s was read as %s, %v", name, m, err)
		}
	}
}

// FuzzRead: no stream breaks the reader, and what is read can be written and
// read again as the same.
func FuzzRead(f *testing.F) {
	for _, m := range samples() {
		f.Add(m.Append(nil))
	}
	f.Add([]byte("GET / HTTP/1.1\r\n\r\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		r := bytes.NewReader(b)
		for {
			m, err := Read(r)
			if err != nil {
				return
			}
			again, err := Read(bytes.NewReader(m.Append(nil)))
			if err != nil || !reflect.DeepEqual(again, m) {
				t.Fatalf("%s came back as %s, %v", m, again, err)
			}
		}
	})
}
