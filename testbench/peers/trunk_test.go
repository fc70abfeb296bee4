package peers

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/emiago/sipgo/sip"
	"github.com/icholy/digest"

	"github.com/centralita/centralita/firmware/view"
	"github.com/centralita/centralita/testbench/phone"
)

// Each codec and each transport on either side of a call.
func TestCodecsAndTransports(t *testing.T) {
	t.Parallel()
	d := NewDaemon(t, bin, document)
	const pcmu, pcma = 0, 8
	for i, c := range []struct {
		caller, called phone.Account
		ext            string
	}{
		{phone.Account{User: "202", TCP: true, Codecs: []int{pcmu}}, phone.Account{User: "203", Codecs: []int{pcma}}, "203"},
		{phone.Account{User: "202", Codecs: []int{pcma}}, phone.Account{User: "203", TCP: true, Codecs: []int{pcmu}}, "203"},
		{phone.Account{User: "202", TCP: true, LateOffer: true}, phone.Account{User: "203", TCP: true}, "203"},
	} {
		got := make(chan *phone.Call, 1)
		called := d.DeskWith(c.called, func(c *phone.Call) { c.Ring(); c.Answer(); c.Tone(600); got <- c })
		caller := d.DeskWith(c.caller, nil)
		call := caller.Call(c.ext)
		must(t, call.WaitUp(soon(t)))
		other := <-got
		call.Tone(1000)
		Hears(t, "the caller", call, 600, 1000)
		Hears(t, "the called phone", other, 1000, 600)
		for _, end := range []struct {
			call *phone.Call
			want []int
		}{{call, c.caller.Codecs}, {other, c.called.Codecs}} {
			if _, last := end.call.Packets(); len(end.want) == 1 && int(last.PT) != end.want[0] {
				t.Errorf("case %d: payload type %d, want %d", i, last.PT, end.want[0])
			}
		}
		other.HangUp()
		must(t, call.WaitEnd(soon(t)))
		caller.Close()
		called.Close()
	}
	d.Ended(3)
}

// A caller without telephone events keys tones; the menu understands him.
func TestTonesFromACallerWithoutEvents(t *testing.T) {
	t.Parallel()
	d := NewDaemon(t, bin, document)
	d.Desk("201", func(c *phone.Call) { c.Ring(); c.Answer(); c.Tone(600) })
	for _, codec := range []int{0, 8} {
		carrier := d.Carrier(phone.Account{NoEvents: true, Codecs: []int{codec}})
		c := carrier.Call("912000000")
		must(t, c.WaitUp(soon(t)))
		if strings.Contains(c.Description(), "telephone-event") {
			t.Errorf("events were not offered, and are in the answer:\n%s", c.Description())
		}
		Speaks(t, "the caller", c)
		c.SendDigits("1", phone.InBand)
		Hears(t, "the caller", c, 600)
		c.HangUp()
		d.Quiet()
		d.RunTalk("agent", "unpause", "ana") // after-call work is done
	}
	for _, r := range d.Ended(2) {
		if r.Agent != "ana" || fmt.Sprint(r.FlowPath) != "[menu ventas]" {
			t.Errorf("record %+v", r)
		}
	}
}

// registrar is a provider where the appliance registers: a SIP phone that also
// answers REGISTER, with digest.
type registrar struct {
	*phone.Phone
	contact chan string // of each registration that was accepted
	refused chan string // why another was not
}

func newRegistrar(d *Daemon, a phone.Account, user, password string) *registrar {
	r := &registrar{contact: make(chan string, 64), refused: make(chan string, 64)}
	a.First = func(req *sip.Request, tx *sip.ServerTx) bool {
		if req.Method != sip.REGISTER {
			return false
		}
		why := proves(req, user, password)
		code, reason := 200, "OK"
		if why != "" {
			code, reason = 401, "Unauthorized"
			r.refused <- why
		}
		res := sip.NewResponseFromRequest(req, code, reason, nil)
		if why != "" {
			res.AppendHeader(sip.NewHeader("WWW-Authenticate", `Digest realm="provider", nonce="ring4", qop="auth", algorithm=MD5`))
		} else {
			res.AppendHeader(sip.NewHeader("Contact", req.Contact().Value()))
			res.AppendHeader(sip.NewHeader("Expires", "120"))
			r.contact <- req.Contact().Address.String()
		}
		if err := tx.Respond(res); err != nil {
			r.refused <- err.Error()
		}
		return true
	}
	r.Phone = d.Phone("127.0.0.4", a)
	return r
}

// proves returns why a request does not prove who sent it.
func proves(req *sip.Request, user, password string) string {
	h := req.GetHeader("Authorization")
	if h == nil {
		return "no password"
	}
	cred, err := digest.ParseCredentials(h.Value())
	if err != nil {
		return err.Error()
	}
	want, err := digest.Digest(&digest.Challenge{Realm: "provider", Nonce: "ring4", Algorithm: "MD5", QOP: []string{"auth"}}, digest.Options{
		Method: "REGISTER", URI: cred.URI, Count: cred.Nc, Username: user, Password: password, Cnonce: cred.Cnonce,
	})
	switch {
	case err != nil:
		return err.Error()
	case cred.Username != user || cred.Realm != "provider" || cred.Nonce != "ring4" || cred.Response != want.Response:
		return "wrong password: " + h.Value()
	}
	return ""
}

// The appliance registers at a provider, is called over it, and calls out.
func TestRegistersAtATrunk(t *testing.T) {
	t.Parallel()
	// The provider must be there first, for its port stands in the document.
	d := &Daemon{t: t, SIP: fmt.Sprintf("127.0.0.1:%d", freePort(t))}
	provider := newRegistrar(d, phone.Account{User: "912000000"}, "u912", "secret-of-u912")
	out := make(chan *phone.Call, 1)
	provider.OnCall = func(c *phone.Call) { c.Ring(); c.Answer(); c.Tone(600); out <- c }
	doc := strings.Replace(document, "operator:", fmt.Sprintf("  - {id: provider, server: %q, register: true, user: u912, password: secret-of-u912, number: \"913000000\", flow: main, calls: 4}\noperator:", provider.Addr()), 1)
	doc = strings.Replace(doc, "via: [L2, L1]", "via: [provider]", 1)
	d = newDaemonAt(t, bin, doc, t.TempDir(), d.SIP)

	var at string
	Until(t, "the appliance registers with its password", patience, func() bool {
		select {
		case at = <-provider.contact:
			return true
		default:
			return false
		}
	})
	if !strings.Contains(at, d.SIP) {
		t.Errorf("its contact is %q, want one at %s", at, d.SIP)
	}
	d.UntilView("the trunk is up", func(s *view.Snapshot) bool {
		return len(s.Trunks) == 2 && s.Trunks[1].ID == "provider" && s.Trunks[1].Lamp == view.Idle
	})

	bruno := d.Desk("202", nil)
	c := bruno.Call("0910111222")
	must(t, c.WaitUp(soon(t)))
	other := <-out
	c.Tone(1000)
	Hears(t, "who calls out", c, 600, 1000)
	Hears(t, "the subscriber", other, 1000, 600)
	if other.To != "910111222" || other.From != "913000000" {
		t.Errorf("the provider is asked for %q by %q", other.To, other.From)
	}
	other.HangUp()
	must(t, c.WaitEnd(soon(t)))

	in := provider.Call("913000000")
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	must(t, in.WaitUp(ctx))
	Speaks(t, "who calls in", in)
	in.HangUp()

	var story []string
	for _, r := range d.Ended(2) {
		story = append(story, fmt.Sprintf("%s %s>%s %s %s %s", r.Direction, r.From, r.To, r.Port, r.EndedBy, r.Cause))
	}
	if s := strings.Join(story, ", "); s != "out 202>0910111222 provider called normal, in 912000000>913000000 provider caller normal" {
		t.Errorf("records: %s", s)
	}
}
