package lan

import (
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestParseWords(t *testing.T) {
	for typed, want := range map[string]string{
		"eth0 dhcp":                                                   "eth0 dhcp",
		"eth0 dhcp dns 9.9.9.9":                                       "eth0 dhcp dns 9.9.9.9",
		"eth0 static 192.168.1.40/24":                                 "eth0 static 192.168.1.40/24",
		"end0 static 10.0.0.2/8 gateway 10.0.0.1":                     "end0 static 10.0.0.2/8 gateway 10.0.0.1",
		"eth0 static 10.1.1.2/30 dns 1.1.1.1 10.1.1.1":                "eth0 static 10.1.1.2/30 dns 1.1.1.1 10.1.1.1",
		"eth0 static 10.1.1.2/24 dns 1.1.1.1 gateway 10.1.1.1 for 5m": "eth0 static 10.1.1.2/24 gateway 10.1.1.1 dns 1.1.1.1",
		// What cannot be, and a word of the reason.
		"eth0":                                                        "! words are missing",
		"eth0 on":                                                     "! dhcp or static",
		"eth0 static":                                                 "! address is missing",
		"eth0 static 192.168.1.40":                                    "! such as 192.168.1.40/24",
		"eth0 static 192.168.1.0/24":                                  "! network or its broadcast",
		"eth0 static 192.168.1.255/24":                                "! network or its broadcast",
		"eth0 static 192.168.1.4/31":                                  "! from /8 to /30",
		"eth0 static 1.2.3.4/7":                                       "! from /8 to /30",
		"eth0 static 127.0.0.2/8":                                     "! no machine's address",
		"eth0 static 224.0.0.9/24":                                    "! no machine's address",
		"eth0 static 250.0.0.9/24":                                    "! no machine's address",
		"eth0 static fd00::2/64":                                      "! such as 192.168.1.40/24",
		"eth0 static 10.0.0.2/24 gateway 10.0.1.1":                    "! not in the network",
		"eth0 static 10.0.0.2/24 gateway 10.0.0.2":                    "! the box itself",
		"eth0 static 10.0.0.2/24 gateway 10.0.0.255":                  "! no machine's address",
		"eth0 static 10.0.0.2/24 gateway":                             "! missing after gateway",
		"eth0 static 10.0.0.2/24 gateway dns":                         "! missing after dns",
		"eth0 static 10.0.0.2/24 mtu 9000":                            "! cannot understand \"mtu\"",
		"eth0 static 10.0.0.2/24 dns 1.1.1.1 1.1.1.2 1.1.1.3 1.1.1.4": "! 3 is the most",
		"eth0 static 10.0.0.2/24 dns fe80::1%eth0":                    "! no machine's address",
		"eth0 dhcp gateway 10.0.0.1":                                  "! cannot fix address or gateway",
		"eth0 dhcp for ever":                                          "! cannot read the time",
		"../eth0 dhcp":                                                "! no name such as eth0",
		"lo static 10.0.0.2/24":                                       "! no name such as eth0",
	} {
		f, within, err := ParseWords(strings.Fields(typed))
		if reason, refused := strings.CutPrefix(want, "! "); refused {
			r, ok := errors.AsType[Refusal](err)
			if !ok || !strings.Contains(r.EN, reason) || r.ES == "" || r.ES == r.EN {
				t.Errorf("%s: %+v; want a refusal with %q", typed, err, reason)
			}
			continue
		}
		if err != nil || f.String() != want {
			t.Errorf("%s: %q, %v; want %q", typed, f, err, want)
		}
		if strings.Contains(typed, "for 5m") != (within == 5*time.Minute) {
			t.Errorf("%s: within %v", typed, within)
		}
		if again, _, err := ParseWords(strings.Fields(f.String())); err != nil || !again.Equal(f) {
			t.Errorf("%s: what it says of itself is %q, %v", typed, again, err)
		}
	}
}

func TestFile(t *testing.T) {
	w := Wanted{}.With(Face{Name: "eth1", DHCP: true}).With(Face{Name: "eth0", Address: netip.MustParsePrefix("192.168.1.40/24"),
		Gateway: netip.MustParseAddr("192.168.1.1"), DNS: []netip.Addr{netip.MustParseAddr("192.168.1.1"), netip.MustParseAddr("2620:fe::fe")}})
	path := filepath.Join(t.TempDir(), FileName)
	if got, err := Load(path); err != nil || len(got.Interfaces) != 0 || !got.Of("eth0").DHCP {
		t.Errorf("no file: %v, %v", got, err)
	}
	if err := Save(path, w); err != nil {
		t.Fatal(err)
	}
	got, err := Load(path)
	if err != nil || !reflect.DeepEqual(got, w) {
		t.Errorf("%v, %v; want %v", got, err, w)
	}
	link := filepath.Join(t.TempDir(), FileName)
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(link); err == nil {
		t.Error("a symbolic link was followed")
	}
}

func TestFileProblems(t *testing.T) {
	const doc = `eth0:
  address: 192.168.1.40
eth1:
  dhcp: true
  gatway: 10.0.0.1
eth2:
  address: 10.0.0.2/24
  gateway: 10.0.1.1
lo:
  dhcp: true
`
	_, problems := Parse("net.yaml", []byte(doc))
	var got []string
	for _, p := range problems {
		got = append(got, p.String())
	}
	all := strings.Join(got, "\n")
	for _, want := range []string{"net.yaml:2:12: \"192.168.1.40\" is no address with a length", "net.yaml:5:3:", "did you mean \"gateway\"",
		"net.yaml:6:1: cannot use the gateway 10.0.1.1", "net.yaml:9:1: cannot use interface \"lo\""} {
		if !strings.Contains(all, want) {
			t.Errorf("no %q in:\n%s", want, all)
		}
	}
	if len(got) != 4 {
		t.Errorf("%d problems:\n%s", len(got), all)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("eth0:\n  dhcp: true\n")
	f.Add("eth0:\n  address: 10.0.0.2/24\n  gateway: 10.0.0.1\n  dns:\n    - 1.1.1.1\n")
	f.Add("eth0: [")
	f.Fuzz(func(t *testing.T, text string) {
		w, problems := Parse("net.yaml", []byte(text))
		if len(problems) > 0 {
			return
		}
		for _, g := range w.Interfaces {
			if err := g.Check(); err != nil {
				t.Errorf("%q: accepted, though %v", text, err)
			}
		}
		if again, problems := Parse("net.yaml", w.Text()); len(problems) > 0 || !reflect.DeepEqual(again, w) {
			t.Errorf("%q: again %v, %v; want %v", text, again, problems, w)
		}
	})
}

// steps runs events through a trial and returns the effects, a line an event.
func steps(m *Trial, now *time.Time, evs ...any) string {
	var out []string
	for _, e := range evs {
		switch e := e.(type) {
		case time.Duration:
			*now = now.Add(e)
		case Event:
			var s []string
			for _, eff := range m.Step(*now, e, nil) {
				s = append(s, eff.(interface{ String() string }).String())
			}
			out = append(out, strings.Join(s, "; "))
		}
	}
	return strings.Join(out, "\n")
}

func face(t testing.TB, words string) Face {
	f, _, err := ParseWords(strings.Fields(words))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestTrial(t *testing.T) {
	a, b := face(t, "eth0 static 10.0.0.2/24"), face(t, "eth0 static 10.0.0.3/24")
	full := errors.New("no space left on device")
	for name, c := range map[string]struct {
		evs  []any
		want string
		left Face
	}{
		"confirmed": {[]any{Try{Face: b}, time.Minute, Confirm{}, Kept{}, UsualTrial, TimedOut{}},
			"apply eth0 static 10.0.0.3/24\nkeep [eth0 static 10.0.0.3/24]\n\n", b},
		"forgotten": {[]any{Try{Face: b}, UsualTrial, TimedOut{}, Confirm{}},
			"apply eth0 static 10.0.0.3/24\napply eth0 static 10.0.0.2/24\nrefuse: no address is on trial", a},
		"too early": {[]any{Try{Face: b}, UsualTrial - 1, TimedOut{}, time.Duration(1), TimedOut{}},
			"apply eth0 static 10.0.0.3/24\n\napply eth0 static 10.0.0.2/24", a},
		"given up": {[]any{Try{Face: b}, GiveUp{}, GiveUp{}},
			"apply eth0 static 10.0.0.3/24\napply eth0 static 10.0.0.2/24\nrefuse: no address is on trial", a},
		"a second meanwhile": {[]any{Try{Face: b}, Try{Face: face(t, "eth1 dhcp")}},
			"apply eth0 static 10.0.0.3/24\nrefuse: eth0 is on trial; before: net confirm or net rollback", b},
		"another interface": {[]any{Try{Face: face(t, "eth1 static 10.1.0.3/24")}, UsualTrial, TimedOut{}},
			"apply eth1 static 10.1.0.3/24\napply eth1 dhcp", a},
		"the disk is full": {[]any{Try{Face: b}, Confirm{}, Kept{full}, UsualTrial, TimedOut{}},
			"apply eth0 static 10.0.0.3/24\nkeep [eth0 static 10.0.0.3/24]\nrefuse: no space left on device\napply eth0 static 10.0.0.2/24", a},
		"confirmed at the last moment": {[]any{Try{Face: b}, UsualTrial - 1, Confirm{}, time.Minute, TimedOut{}, Confirm{}, Kept{}},
			"apply eth0 static 10.0.0.3/24\nkeep [eth0 static 10.0.0.3/24]\n\nrefuse: it is being saved already\n", b},
		"too short": {[]any{Try{b, time.Second}, Try{b, time.Hour}},
			"refuse: a trial takes from 30s to 30m0s\nrefuse: a trial takes from 30s to 30m0s", a},
		"cannot be":       {[]any{Try{Face: Face{Name: "eth0"}}}, "refuse: cannot use the address invalid Prefix: it is such as 192.168.1.40/24", a},
		"nothing to keep": {[]any{Confirm{}, GiveUp{}, Kept{}, TimedOut{}}, "refuse: no address is on trial\nrefuse: no address is on trial\n\n", a},
	} {
		m, now := Trial{Saved: Wanted{}.With(a)}, time.Unix(1e9, 0)
		if got := steps(&m, &now, c.evs...); got != c.want {
			t.Errorf("%s:\n%s\nwant\n%s", name, got, c.want)
		}
		if got := m.Now("eth0"); !got.Equal(c.left) {
			t.Errorf("%s: in the end %s, want %s", name, got, c.left)
		}
	}
}

// Whatever happens, what was applied last to an interface is what the trial says
// is wanted now, and without Kept nothing is ever saved.
func TestTrialApplied(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m, now := Trial{}, time.Unix(1e9, 0)
		applied, kept := map[string]Face{}, Wanted{}
		var asked *Wanted // to be saved
		for range rapid.IntRange(1, 40).Draw(t, "n") {
			now = now.Add(time.Duration(rapid.IntRange(0, 400).Draw(t, "s")) * time.Second)
			if at, ok := m.Deadline(); ok && !now.Before(at) {
				for _, e := range m.Step(now, TimedOut{}, nil) {
					applied[e.(Apply).Face.Name] = e.(Apply).Face
				}
			}
			f := Face{Name: rapid.SampledFrom([]string{"eth0", "eth1"}).Draw(t, "name"), Address: netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 0, 0, byte(rapid.IntRange(1, 9).Draw(t, "a"))}), 24)}
			ev := rapid.SampledFrom([]Event{Try{Face: f}, Confirm{}, GiveUp{}, Kept{}, Kept{errors.New("full")}, TimedOut{}}).Draw(t, "ev")
			for _, e := range m.Step(now, ev, nil) {
				switch e := e.(type) {
				case Apply:
					applied[e.Face.Name] = e.Face
				case Keep:
					asked = &e.Wanted
				}
			}
			if k, ok := ev.(Kept); ok && asked != nil {
				if k.Err == nil {
					kept = *asked
				}
				asked = nil
			}
			for name, f := range applied {
				if !m.Now(name).Equal(f) {
					t.Fatalf("%s has %s, wanted is %s", name, f, m.Now(name))
				}
			}
			for _, f := range m.Saved.Interfaces {
				if !kept.Of(f.Name).Equal(f) {
					t.Fatalf("%s counts as saved and was not", f)
				}
			}
		}
	})
}
