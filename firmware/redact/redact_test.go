package redact

import (
	"errors"
	"log/slog"
	"testing"
	"time"
)

func TestNumbers(t *testing.T) {
	for in, want := range map[string]string{
		"":                           "",
		"call 7-483 of 201":          "call 7-483 of 201",
		"from 600123456 to 104":      "from ***456 to 104",
		"+34 600 123 456.":           "+***456.",
		"600-12-34":                  "***234",
		"sip:600123456@192.168.1.40": "sip:***456@192.168.1.40",
		"12345 1":                    "***451",
		"12345  1":                   "12345  1",
		"99999":                      "99999",
		"a123456b654321":             "a***456b***321",
		"trailing 600123456 ":        "trailing ***456 ",
		"ñ600123456ñ":                "ñ***456ñ",
	} {
		if got := Numbers(in); got != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
}

func TestSecret(t *testing.T) {
	for name, want := range map[string]bool{
		"token": true, "Password": true, "client_secret": true, "sip_pin": true, "pin": true, "private_key": true,
		"pinned": false, "code": false, "port": false, "key": false, "": false,
	} {
		if got := Secret(name); got != want {
			t.Errorf("%q: %t", name, got)
		}
	}
}

// What a handler gives is one line without what must not leave the house, also in
// groups and in what With keeps.
func TestHandler(t *testing.T) {
	var got []string
	log := slog.New(Handler(slog.LevelInfo, func(_ time.Time, l slog.Level, text string) { got = append(got, l.String()+" "+text) }))
	log.Debug("nothing")
	log.With("token", "k3-tR9", "site", "centro").WithGroup("g").Warn("call of 600123456\nWARN forged", "err", errors.New("busy\x1b[31m 915550100"), "n", 600123456,
		slog.Group("in", "password", []byte("hunter2"), "t", "a b"))
	want := "WARN call of ***456 WARN forged token=*** site=centro g.err=\"busy\\x1b[31m ***100\" g.n=600123456 g.in.password=*** g.in.t=\"a b\""
	if len(got) != 1 || got[0] != want {
		t.Errorf("%q", got)
	}
}
