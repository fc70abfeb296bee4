package cid

import (
	"bytes"
	"encoding/hex"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func octetString(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestMessages(t *testing.T) {
	for name, c := range map[string]struct {
		raw  string
		want Info
	}{
		"GR-30 § 2.4.2 single format, number": {
			"04 12 30393330 31323234 36303935353531323132",
			Info{Type: SingleCall, Date: Date{9, 30, 12, 24}, Number: "6095551212"}},
		"GR-30 § 2.4.2 single format, private": {
			"04 09 30393330 31323234 50", Info{Type: SingleCall, Date: Date{9, 30, 12, 24}, NoNumber: Private}},
		"GR-30 § 2.4.2 single format, out of area": {
			"04 09 30393330 31323234 4F", Info{Type: SingleCall, Date: Date{9, 30, 12, 24}, NoNumber: Unavailable}},
		"GR-1401 lamp on":  {"06 03 424242", Info{Type: SingleWaiting, Lamp: LampOn}},
		"GR-1401 lamp off": {"06 03 6F6F6F", Info{Type: SingleWaiting, Lamp: LampOff}},
		"GR-30 § 2.4.3 date, number and name": {
			"80 20 01083034303131373035 020A36303935353531323132 0708 4A4F484E20444F45",
			Info{Type: Call, Date: Date{4, 1, 17, 5}, Number: "6095551212", Name: "JOHN DOE"}},
		"GR-30 § 2.4.3 qualifier and redirection": {
			"80 0B 0203313233 06014C 050132",
			Info{Type: Call, Number: "123", Qualifier: "L", Redirect: '2'}},
		"EN 300 659-3 § 5.4 absence of number and name": {
			"80 06 040150 08014F", Info{Type: Call, NoNumber: Private, NoName: Unavailable}},
		"EN 300 659-3 § 5.4 call type, forwarding, calling user": {
			"80 10 110102 0203393939 150115 160104 0000", Info{Type: Call, CallType: RingBack, Number: "999", Forward: 0x15, User: 4}},
		"EN 300 659-3 § 5.4 called, first called and redirecting number": {
			"80 0C 03023131 12023232 1A023333", Info{Type: Call, Called: "11", FirstCalled: "22", Redirecting: "33"}},
		"EN 300 659-3 § 5.2.2 message waiting": {
			"82 06 0B01FF 130103", Info{Type: Waiting, Lamp: LampOn, Messages: 3}},
		"EN 300 659-3 § 5.2.2 no message waits": {"82 03 0B0100", Info{Type: Waiting, Lamp: LampOff}},
		"EN 300 659-3 § 4.4 Latin-1":            {"80 06 0704 50E9F17A", Info{Type: Call, Name: "Péñz"}},
		"unknown parameters are passed over": {
			"80 0A 7703010203 0203313233", Info{Type: Call, Number: "123", Others: []Parameter{{0x77, []byte{1, 2, 3}}}}},
		"empty parameters are passed over": {"80 09 0100 0700 0203313233", Info{Type: Call, Number: "123"}},
		"an impossible date is not told":   {"80 0D 01083939393939393939 02 01 35", Info{Type: Call, Number: "5"}},
		"advice of charge keeps its parameters": {
			"86 05 2003010203", Info{Type: Charge, Others: []Parameter{{0x20, []byte{1, 2, 3}}}}},
	} {
		got, err := Parse(octetString(t, c.raw))
		if err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s:\n%+v %v\n%+v", name, got, err, c.want)
		}
	}
}

// A length of 128 and more is a length, not a negative number.
func TestLongParameter(t *testing.T) {
	long := bytes.Repeat([]byte{'x'}, 200)
	raw := append([]byte{Call, 205, 0x77, 200}, long...)
	raw = append(raw, ParamNumber, 1, '5')
	got, err := Parse(raw)
	if err != nil || got.Number != "5" || !bytes.Equal(got.Others[0].Value, long) {
		t.Errorf("%+v %v", got, err)
	}
}

func TestWrongMessages(t *testing.T) {
	for name, raw := range map[string]string{
		"nothing":                           "",
		"type alone":                        "80",
		"empty":                             "80 00",
		"empty single format":               "04 00",
		"length too great":                  "80 06 0203313233",
		"length too small":                  "80 04 0203313233",
		"parameter beyond the end":          "80 05 0204313233",
		"parameter of 255 octets":           "80 05 02FF313233",
		"half a parameter":                  "80 06 0203313233 07",
		"empty parameters":                  "80 06 010002000700",
		"unknown parameters only":           "80 05 7703010203",
		"unknown type":                      "55 05 0203313233",
		"date alone in the single format":   "04 08 3039333031323234",
		"date of letters":                   "80 0D 0108 3039333031323241 020135",
		"short date":                        "80 06 010430393330",
		"single format, date of letters":    "04 09 30393330 3132323A 50",
		"number that cannot be printed":     "80 05 0203310733",
		"absence by a digit":                "80 03 040131",
		"absence by two letters":            "80 04 0402504F",
		"lamp of the single format unknown": "06 03 424243",
	} {
		if got, err := Parse(octetString(t, raw)); err == nil {
			t.Errorf("%s is taken: %+v", name, got)
		}
	}
}

func TestAbsence(t *testing.T) {
	for want, i := range map[string]Info{"": {Number: "5", NoNumber: 'P'}, "P": {NoNumber: Private}, "O": {}} {
		if got := i.Absence(); got != want {
			t.Errorf("%+v: %q, not %q", i, got, want)
		}
	}
}

// infos draws what can be said in a message with parameters.
func infos() *rapid.Generator[Info] {
	return rapid.Custom(func(t *rapid.T) Info {
		number := rapid.StringMatching(`[0-9*#+]{0,20}`)
		text := rapid.StringMatching(`[ -~ -ÿ]{0,20}`)
		i := Info{
			Type:   rapid.SampledFrom([]byte{Call, Waiting}).Draw(t, "type"),
			Number: number.Draw(t, "number"), Name: text.Draw(t, "name"), Called: number.Draw(t, "called"),
			FirstCalled: number.Draw(t, "first"), Redirecting: number.Draw(t, "redirecting"),
			NoName:    rapid.SampledFrom([]byte{0, Private, Unavailable}).Draw(t, "no name"),
			Qualifier: rapid.SampledFrom([]string{"", "L"}).Draw(t, "qualifier"),
			Lamp:      Lamp(rapid.IntRange(1, 2).Draw(t, "lamp")), Messages: rapid.IntRange(0, 255).Draw(t, "messages"),
			CallType: rapid.Byte().Draw(t, "call type"), User: rapid.Byte().Draw(t, "user"),
			Forward: rapid.Byte().Draw(t, "forward"), Redirect: rapid.Byte().Draw(t, "redirect"),
			Display: text.Draw(t, "display"),
		}
		if i.Type == Call && i.Number == "" {
			i.NoNumber = rapid.SampledFrom([]byte{Private, Unavailable}).Draw(t, "no number")
		}
		if rapid.Bool().Draw(t, "dated") {
			i.Date = Date{uint8(rapid.IntRange(1, 12).Draw(t, "month")), uint8(rapid.IntRange(1, 28).Draw(t, "day")), uint8(rapid.IntRange(0, 23).Draw(t, "hour")), 59}
		}
		if rapid.Bool().Draw(t, "others") {
			i.Others = []Parameter{{0x77, []byte{1, 2, 200}}}
		}
		return i
	})
}

func TestWhatIsSaidIsRead(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := infos().Draw(t, "info")
		raw, err := Encode(want)
		if err != nil {
			t.Fatal(err)
		}
		got, err := Parse(raw)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("% x\n%+v %v\n%+v", raw, got, err, want)
		}
	})
}

func TestSingleFormatIsRead(t *testing.T) {
	for _, want := range []Info{
		{Type: SingleCall, Date: Date{2, 29, 0, 0}, Number: "600123456"},
		{Type: SingleCall, Date: Date{12, 31, 23, 59}, NoNumber: Private},
		{Type: SingleWaiting, Lamp: LampOn}, {Type: SingleWaiting, Lamp: LampOff},
	} {
		raw, err := Encode(want)
		got, err2 := Parse(raw)
		if err != nil || err2 != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%+v %v %v\n%+v", got, err, err2, want)
		}
	}
}

func TestWhatCannotBeSaid(t *testing.T) {
	for name, i := range map[string]Info{
		"no date in the single format": {Type: SingleCall, Number: "5"},
		"impossible date":              {Date: Date{13, 1, 0, 0}},
		"lamp untold":                  {Type: SingleWaiting},
		"nothing about messages":       {Type: Waiting},
		"long number":                  {Number: strings.Repeat("1", 21)},
		"unknown type":                 {Type: 0x55, Number: "5"},
		"number of control characters": {Number: "5\r\n"},
		"too many others":              {Number: "5", Others: []Parameter{{0x77, make([]byte, 253)}}},
	} {
		if raw, err := Encode(i); err == nil || !strings.HasPrefix(err.Error(), "cannot send message: ") {
			t.Errorf("%s: % x %v", name, raw, err)
		}
	}
	raw, err := Encode(Info{Name: strings.Repeat("ñ", 60) + "€"})
	if err != nil || len(raw) != 2+3+2+50 {
		t.Errorf("a long name: % x %v", raw, err)
	}
}

func TestKeysRead(t *testing.T) {
	for keys, want := range map[string]Info{
		"A600123456C":           {Number: "600123456"},
		"A600123456D911222333C": {Number: "600123456", Redirecting: "911222333"},
		"B00C":                  {NoNumber: Unavailable},
		"B10C":                  {NoNumber: Private},
		"D911222333B10C":        {Redirecting: "911222333", NoNumber: Private},
		"A44556677#":            {Number: "44556677"},
		"D1#":                   {NoNumber: Private},
		"D2#":                   {NoNumber: Unavailable},
		"D3#":                   {NoNumber: Unavailable},
		"D0223456789C":          {Number: "0223456789"},
		"44556677#":             {Number: "44556677"},
	} {
		got, err := ParseKeys(keys)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v %v", keys, got, err)
		}
	}
	for _, keys := range []string{"", "C", "#", "AC", "DC", "A#", "123#", "12345C", "12A45#", "A123", "A1A2C", "A1#2C", "A1*2C", "B99C", "D4#", "D#", "ABC"} {
		if got, err := ParseKeys(keys); err == nil {
			t.Errorf("%q is taken: %+v", keys, got)
		}
	}
}

func TestKeysSent(t *testing.T) {
	for _, c := range []struct {
		i    Info
		end  byte
		want string
	}{
		{Info{Number: "600 12-34"}, 'C', "A6001234C"}, {Info{Number: "600", Redirecting: "911"}, 'C', "A600D911C"},
		{Info{NoNumber: Private}, 'C', "B10C"}, {Info{}, 'C', "B00C"}, {Info{Number: "600"}, '#', "A600#"},
		{Info{NoNumber: Private}, '#', "D1#"}, {Info{}, '#', "D3#"},
	} {
		if got, err := Keys(c.i, c.end); err != nil || got != c.want {
			t.Errorf("%+v: %q %v, not %q", c.i, got, err, c.want)
		}
	}
	if _, err := Keys(Info{}, 'X'); err == nil {
		t.Error("keys end in X")
	}
	if _, err := Keys(Info{Number: strings.Repeat("1", 21)}, 'C'); err == nil {
		t.Error("21 digits are sent")
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"\x80\x05\x02\x03123", "\x04\x1209301224609555121", "\x06\x03BBB", "\x82\x06\x0b\x01\xff\x13\x01\x03", "\x80\xff\x02\xff1"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		i, err := Parse(raw)
		if err != nil {
			return
		}
		if len(raw) < 3 || int(raw[1])+2 != len(raw) || !known(raw[0]) {
			t.Fatalf("% x is taken", raw)
		}
		// What was read can be said again and is read the same, unless it has to be cut.
		again, err := Encode(i)
		if err != nil {
			return
		}
		j, err := Parse(again)
		if err != nil {
			t.Fatalf("% x became % x: %v", raw, again, err)
		}
		if i.Number != j.Number || i.NoNumber != j.NoNumber && i.Type != Call || i.Date != j.Date || i.Lamp != j.Lamp {
			t.Fatalf("%+v\n%+v", i, j)
		}
	})
}

func FuzzParseKeys(f *testing.F) {
	f.Add("A600123456C")
	f.Add("D1#")
	f.Add("AD1B10C")
	f.Fuzz(func(t *testing.T, keys string) {
		i, err := ParseKeys(keys)
		if err == nil && i.Number == "" && i.NoNumber == 0 {
			t.Fatalf("%q says nothing and is taken", keys)
		}
	})
}
