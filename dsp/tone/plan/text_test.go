package plan

import (
	"reflect"
	"strings"
	"testing"
)

func TestEveryPlanReadsBack(t *testing.T) {
	for _, c := range Countries() {
		p, _ := For(c)
		got, err := Parse(p.Text())
		if err != nil || !reflect.DeepEqual(got, p) {
			t.Errorf("%s: %v\n%s\n%s", c, err, p.Text(), got.Text())
		}
	}
}

func TestTextOfASignal(t *testing.T) {
	p, _ := For("GB")
	for k, want := range map[Kind]string{
		Ringback:     "400+450@-13 400/200/400/2000",
		Info:         "950>1400>1800@-10 330/30/330/30/330/1000",
		Unobtainable: "400@-10",
		Confirm:      "350+440@-13 100/100/100/100/100/100 once",
		Disconnect:   "",
	} {
		if got := p.Signal(k).String(); got != want {
			t.Errorf("%v is %q, want %q", k, got, want)
		}
	}
}

func TestParseErrors(t *testing.T) {
	for text, want := range map[string]string{
		"country es":                   "two capital letters",
		"\n\nbusy 425 200/200":         "line 3 of the plan: \"425\" has no level",
		"busy 425@-10 200":             "no cadence",
		"busy 425@-10 0/200":           "\"0\" in the cadence",
		"busy 425@-10 200/x":           "\"x\" in the cadence",
		"beep 425@-10":                 "\"beep\" is no signal",
		"busy 425@NaN":                 "dBm0",
		"busy 9@-10":                   "Hz",
		"busy 1+2+3+4+5@-10":           "too many frequencies",
		"info 950>1400@-10 330/30":     "more frequencies than bursts",
		"info 950>1400@-10":            "more frequencies than bursts",
		"busy":                         "is no signal",
		"busy 4@-1 1/1 2/2":            "is no signal",
		"busy 425@-10\nbusy 425@-10":   "line 2 of the plan: busy stands here a second time",
		"ring 1000":                    "no cadence",
		strings.Repeat("#", maxText+1): "bytes are more",
	} {
		if _, err := Parse(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40q: %v, want %q", text, err, want)
		}
	}
	if p, err := Parse("# a remark\nbusy 425@-10 200/200 # as heard\n"); err != nil || p.Signal(Busy).String() != "425@-10 200/200" {
		t.Error(p, err)
	}
}

func FuzzParse(f *testing.F) {
	for _, c := range []string{"ES", "GB", "AR"} {
		p, _ := For(c)
		f.Add(p.Text())
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := Parse(text)
		if err != nil {
			return
		}
		again, err := Parse(p.Text())
		if err != nil || !reflect.DeepEqual(p, again) {
			t.Errorf("%q reads back as %q: %v", p.Text(), again.Text(), err)
		}
		for k := range NumKinds {
			p.Signal(k).Spec()
		}
	})
}
