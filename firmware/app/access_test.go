package app

import (
	"net/netip"
	"slices"
	"testing"

	"github.com/centralita/centralita/firmware/access"
	"github.com/centralita/centralita/firmware/config"
)

func TestTheCodeIsHiddenOnPages(t *testing.T) {
	rows := []string{"Centralita     10:42", "Codigo de reclamo:  ", "7K4M-P9XT-2QHD  8:12", "7K4M-P9XT  2QHD"}
	hideCode(rows, "7K4M-P9XT-2QHD")
	if want := []string{"Centralita     10:42", "Codigo de reclamo:  ", "····-····-····  8:12", "····-····  ····"}; !slices.Equal(rows, want) {
		t.Errorf("%q", rows)
	}
	rows = []string{"Centralita"}
	if hideCode(rows, ""); rows[0] != "Centralita" {
		t.Errorf("%q", rows)
	}
}

// Every happening at a door has its kind in the book.
func TestEveryHappeningHasItsKind(t *testing.T) {
	for _, w := range []access.What{access.WasClaimed, access.CodeLocked, access.LoggedIn, access.LoggedOut, access.WasRefused, access.LockedOut, access.Moved, access.PasswordSet, access.Changed} {
		if accessKinds[w] == "" {
			t.Errorf("%s has none", w)
		}
	}
}

// Where the pages over TLS listen follows --web, unless --https says it.
func TestTLSPortFollowsTheOther(t *testing.T) {
	for _, c := range []struct{ web, https, want string }{
		{"", "", "127.0.0.1:8443"}, {"127.0.0.1:0", "", "127.0.0.1:0"}, {"0.0.0.0:80", "", "127.0.0.1:443"}, {"127.0.0.1:0", "192.0.2.1:443", "192.0.2.1:443"}, {"127.0.0.1:65500", "", "127.0.0.1:0"},
	} {
		cfg := &config.Config{Listen: config.Listen{HTTPS: netip.MustParseAddrPort("127.0.0.1:8443"), Web: netip.MustParseAddrPort("127.0.0.1:8080")}}
		if err := (&runCmd{Web: c.web, HTTPS: c.https}).override(cfg); err != nil || cfg.Listen.HTTPS.String() != c.want {
			t.Errorf("--web %q --https %q: %s, %v; want %s", c.web, c.https, cfg.Listen.HTTPS, err, c.want)
		}
	}
}
