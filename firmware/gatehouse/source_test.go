package gatehouse

import "testing"

// RFC 6177, section 2: one site has a /64 at least, and may use any address of it.
func TestSource(t *testing.T) {
	for from, want := range map[string]string{
		"192.0.2.7":                    "192.0.2.7",
		"192.0.2.7:40022":              "192.0.2.7",
		"::ffff:192.0.2.7":             "192.0.2.7",
		"[::ffff:192.0.2.7]:22":        "192.0.2.7",
		"2001:db8:1:2:3:4:5:6":         "2001:db8:1:2::/64",
		"[2001:db8:1:2:ffff::1]:40022": "2001:db8:1:2::/64",
		"2001:db8:1:3::1":              "2001:db8:1:3::/64",
		"fe80::1%eth0":                 "fe80::/64",
		"[fe80::2%eth0]:1":             "fe80::/64",
		"":                             "",
		"ttyS1":                        "ttyS1",
	} {
		if got := Source(from); got != want {
			t.Errorf("%q is counted under %q, not %q", from, got, want)
		}
	}
}

func TestShares(t *testing.T) {
	s := NewShares(2)
	take := func(source string, want bool) {
		t.Helper()
		if got := s.Take(source); got != want {
			t.Errorf("a place for %s: %t", source, got)
		}
	}
	take("a", true)
	take("a", true)
	take("a", false)
	take("b", true)
	s.Give("a")
	take("a", true)
	take("a", false)
	s.Give("a")
	s.Give("a")
	s.Give("b")
	if len(s.taken) != 0 {
		t.Errorf("sources without a place are remembered: %v", s.taken)
	}
}
