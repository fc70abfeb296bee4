package console

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/centralita/centralita/firmware/lan"
	"github.com/centralita/centralita/firmware/tel"
)

// cabling is a Net that remembers.
type cabling struct {
	state    lan.State
	findings []lan.Finding
	err      error
	did      []string
}

func (c *cabling) note(who tel.Who, what string) (lan.State, error) {
	c.did = append(c.did, who.Name+" "+what)
	return c.state, c.err
}

func (c *cabling) State(context.Context) (lan.State, error) { return c.state, c.err }
func (c *cabling) Set(_ context.Context, who tel.Who, f lan.Face, within time.Duration) (lan.State, error) {
	return c.note(who, fmt.Sprintf("set %s within %s", f, within))
}
func (c *cabling) Confirm(_ context.Context, who tel.Who) (lan.State, error) {
	return c.note(who, "confirm")
}
func (c *cabling) Rollback(_ context.Context, who tel.Who) (lan.State, error) {
	return c.note(who, "rollback")
}
func (c *cabling) Test(_ context.Context, tell func(lan.Finding)) error {
	for _, f := range c.findings {
		tell(f)
	}
	return c.err
}

// wired is a box with a lease, a new address on trial, and a second socket without cable.
func wired(now time.Time) *cabling {
	f := lan.Face{Name: "eth0", Address: netip.MustParsePrefix("192.168.1.40/24"), Gateway: netip.MustParseAddr("192.168.1.1"), DNS: []netip.Addr{netip.MustParseAddr("192.168.1.1")}}
	return &cabling{
		state: lan.State{
			Interfaces: []lan.Interface{
				{Name: "eth0", MAC: "dc:a6:32:01:02:03", Link: true, Mbit: 1000, Addresses: []netip.Prefix{netip.MustParsePrefix("192.168.1.40/24"), netip.MustParsePrefix("2001:db8::40/64")},
					Gateway: netip.MustParseAddr("192.168.1.1"), Source: lan.ByHand, Since: now.Add(-time.Minute)},
				{Name: "eth1", MAC: "dc:a6:32:01:02:04", Source: lan.ByDHCP, Server: netip.MustParseAddr("10.0.0.1"), Since: now.Add(-time.Hour), Until: now.Add(time.Hour), Trouble: "no DHCP server answers"},
				{Name: "wlan0", Link: true, Addresses: []netip.Prefix{netip.MustParsePrefix("10.1.2.3/16")}},
			},
			DNS:   f.DNS,
			Trial: &lan.OnTrial{Face: f, Until: now.Add(2 * time.Minute)},
		},
		findings: []lan.Finding{
			{What: "link", Target: "eth0", Verdict: lan.Good, ES: "eth0: cable conectado, 1000 Mbit/s", EN: "eth0: the cable is in, 1000 Mbit/s"},
			{What: "gateway", Target: "192.168.1.1", Verdict: lan.Good, ES: "la puerta 192.168.1.1 responde", EN: "the gateway 192.168.1.1 answers", Millis: 3},
			{What: "trunk operador", Target: "sip.example:5060", Verdict: lan.Doubtful, ES: "trunk operador: sip.example:5060 no responde", EN: "trunk operador: sip.example:5060 does not answer",
				HintES: "muchos operadores callan ante desconocidos; el registro lo muestra: lines", HintEN: "many operators are silent to strangers; the registration shows it: lines"},
			{What: "dns", Verdict: lan.Bad, ES: "no hay ningún servidor DNS", EN: "there is no DNS server", HintES: "añada dns DIRECCIÓN a net set", HintEN: "add dns ADDRESS to net set"},
		},
	}
}

func TestNetGolden(t *testing.T) {
	for _, cmd := range []string{"net show", "net show --json", "net test", "net test --json", "net set eth0 static 192.168.1.40", "net set eth0 dhcp"} {
		for _, lang := range []string{"es", "en"} {
			name := strings.NewReplacer(" ", "-", "--", "", "/", "", ".", "").Replace(cmd) + "." + lang
			t.Run(name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					c := New(Deps{Net: wired(time.Now()), Location: time.UTC})
					var out strings.Builder
					code := c.Exec(t.Context(), append(strings.Fields(cmd), "--lang", lang), &out)
					golden(t, name, fmt.Sprintf("$ centralita %s --lang %s\n%s-> %d\n", cmd, lang, &out, code))
					seemly(t, out.String(), strings.Contains(cmd, "--json"))
				})
			})
		}
	}
}

// What is typed reaches the network under the person's name; a refusal is in his language.
func TestNetOrders(t *testing.T) {
	n := &cabling{}
	c := New(Deps{Net: n})
	who := tel.Who{Name: "ana", Role: tel.Technician, Via: tel.DoorSSH}
	for _, cmd := range []string{"net set eth0 static 10.0.0.2/24 gateway 10.0.0.1 for 5m", "net confirm", "net rollback"} {
		var out strings.Builder
		if code := c.ExecAs(t.Context(), who, strings.Fields(cmd), &out); code != Fine {
			t.Errorf("%s: %d, %s", cmd, code, &out)
		}
	}
	if got, want := strings.Join(n.did, "; "), "ana set eth0 static 10.0.0.2/24 gateway 10.0.0.1 within 5m0s; ana confirm; ana rollback"; got != want {
		t.Errorf("%q, not %q", got, want)
	}
	n.err = lan.Refusal{ES: "no hay ninguna dirección en prueba", EN: "no address is on trial"}
	var out strings.Builder
	if code := c.ExecAs(t.Context(), who, []string{"net", "confirm"}, &out); code != NotFine || !strings.Contains(out.String(), "ninguna dirección") {
		t.Errorf("%d, %s", code, &out)
	}
	who.Role = tel.Supervisor
	out.Reset()
	if code := c.ExecAs(t.Context(), who, []string{"net", "set", "eth0", "dhcp"}, &out); code != NotFine || len(n.did) != 4 {
		t.Errorf("a supervisor: %d, %s, %v", code, &out, n.did)
	}
}
