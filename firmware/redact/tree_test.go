package redact

import (
	"encoding/json"
	"net/netip"
	"strings"
	"testing"
	"time"
)

type inner struct {
	Socket, Name string
	PIN          int
	secret       string
}

type doc struct {
	Site     string
	Addr     netip.AddrPort
	URL, Bad string
	Long     time.Duration
	At       time.Time
	N        int
	F        float64
	On       bool
	Parts    []inner
	Next     *doc
	Nothing  *inner
	Token    string
	Empty    string
	Raw      []byte
	Map      map[string]string
	Loc      *time.Location
	Call     func()
}

// By type: what says nothing of anybody stays, a text stays only where it is named, a
// secret never.
func TestTree(t *testing.T) {
	d := doc{
		Site: "centro 600123456", Addr: netip.MustParseAddrPort("10.0.0.1:5060"), URL: "https://user:word@host.example:8443/path?key=canary", Bad: "canary",
		Long: 90 * time.Second, At: time.Date(2026, 11, 29, 0, 0, 0, 0, time.UTC), N: 7, F: 1.5, On: true,
		Parts: []inner{{Socket: "fxo1", Name: "canary", PIN: 4711, secret: "canary"}}, Next: &doc{Site: "canary\x1b"}, Token: "canary", Raw: []byte("canary"),
		Map: map[string]string{"canary": "canary"}, Loc: time.UTC, Call: func() {},
	}
	b, err := json.Marshal(Tree(&d, map[string]bool{"redact.inner.Socket": true, "redact.doc.URL host": true}))
	if err != nil {
		t.Fatal(err)
	}
	got := string(b)
	for _, bad := range []string{"canary", "centro", "600123456", "word", "4711"} {
		if strings.Contains(got, bad) {
			t.Errorf("it holds %q: %s", bad, got)
		}
	}
	for _, good := range []string{`"Addr":"10.0.0.1:5060"`, `"URL":"https://host.example:8443/***"`, `"Long":"1m30s"`, `"N":7`, `"F":1.5`, `"On":true`, `"Socket":"fxo1"`,
		`"Name":"***"`, `"PIN":"***"`, `"Token":"***"`, `"Empty":""`, `"Raw":"6 bytes"`, `"Map":"1 entries"`, `"Loc":"UTC"`, `"At":"2026-11-29T00:00:00Z"`, `"Nothing":null`} {
		if !strings.Contains(got, good) {
			t.Errorf("it does not hold %s: %s", good, got)
		}
	}
	loop := &doc{}
	loop.Next = loop
	if _, err := json.Marshal(Tree(loop, nil)); err != nil {
		t.Error(err)
	}
}

func TestWords(t *testing.T) {
	hide := Words([]string{"Ana", "Ana María", "k3-tR9", "", "x", "Ñandú"})
	for in, want := range map[string]string{
		"Ana answers":          "*** answers",
		"ana maría y ANA":      "*** y ***",
		"analog, Susana, Ana.": "analog, Susana, ***.",
		"tokenk3-tr9end":       "token***end",
		"x":                    "x",
		"el ñandú":             "el ***",
		"":                     "",
		"agent=\"Ana\"":        "agent=\"***\"",
	} {
		if got := hide(in); got != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
}

// Whatever stands around a word, it is not found any more where it stood alone.
func FuzzWords(f *testing.F) {
	f.Add("a", "b")
	f.Add("İ", "ſ")
	f.Fuzz(func(t *testing.T, before, after string) {
		if got := Words([]string{"k3-tR9"})(before + " k3-tR9 " + after); strings.Contains(got, " k3-tR9 ") {
			t.Errorf("%q", got)
		}
	})
}
