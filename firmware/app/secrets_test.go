package app

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/centralita/centralita/firmware/config/secret"
	"github.com/centralita/centralita/firmware/console"
	"github.com/centralita/centralita/firmware/tel"
)

// The owner learns the address of the wall over SSH and at the socket, and makes another
// token: then the address of before opens nothing and the new one does, also after a
// restart. Others are refused, and where only this machine looks there is no token.
func TestTheWallGetsAnotherToken(t *testing.T) {
	if _, err := ownAddress(1); err != nil {
		t.Skip("this machine has no address but loopback: ", err, "; any machine with a network runs it")
	}
	r := runs{t, t.TempDir()}
	c := &runCmd{Config: r.write("Norte"), Data: filepath.Join(r.dir, "data"), SIP: "127.0.0.1:0", Web: "0.0.0.0:0"}
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	h := c.owned(t, ctx)
	ana := tel.Who{Name: "ana", Role: tel.Owner, Via: tel.DoorSSH}
	ask := func(who tel.Who, what string) (string, int) {
		var out bytes.Buffer
		code := h.desk().ExecLine(ctx, who, what+" --lang en", console.Stream{Out: &out, Err: &out, Raw: true})
		return out.String(), code
	}
	opens := func(address string) int {
		u, err := url.Parse(strings.TrimSpace(address))
		if err != nil {
			t.Fatal(err)
		}
		client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
		res, err := client.Get(u.String())
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		return res.StatusCode
	}
	var next string
	err := h.Run(ctx, func() {
		defer stop()
		old, code := ask(ana, "wall")
		if code != console.Fine || opens(old) != http.StatusSeeOther {
			t.Errorf("%d %s", code, old)
		}
		if out, code := ask(tel.Who{Name: "eva", Role: tel.Technician, Via: tel.DoorSSH}, "wall renew"); code != console.NotFine || strings.Contains(out, "token=") {
			t.Errorf("not the owner: %d %s", code, out)
		}
		var out bytes.Buffer
		if code, err := console.Run(ctx, filepath.Join(c.Data, console.SocketName), []string{"wall", "renew"}, &out); code != console.Fine || err != nil {
			t.Errorf("%d, %v: %s", code, err, &out)
		}
		next, _, _ = strings.Cut(out.String(), "\n")
		if got := opens(old); got != http.StatusUnauthorized || next == strings.TrimSpace(old) {
			t.Errorf("the address of before: %d; the new one is %s", got, next)
		}
		if got := opens(next); got != http.StatusSeeOther {
			t.Errorf("the new address: %d %s", got, next)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	s, err := secret.Open(c.Data)
	if err != nil {
		t.Fatal(err)
	}
	token, err := s.Wall()
	if err != nil || !strings.HasSuffix(next, "token="+token) {
		t.Errorf("kept is %q, %v; said was %s", token, err, next)
	}
	told := 0
	for row := range offlineBook(t, c.Data) {
		if strings.Contains(row, token) {
			t.Errorf("the book tells the token: %s", row)
		}
		if strings.Contains(row, `"view token"`) && strings.Contains(row, `"socket"`) {
			told++
		}
	}
	if told != 1 {
		t.Errorf("the book tells of it %d times", told)
	}
}

// Pages for this machine alone have no token, and say so.
func TestAWallForThisMachineHasNoToken(t *testing.T) {
	r := runs{t, t.TempDir()}
	c := &runCmd{Config: r.write("Norte"), Data: filepath.Join(r.dir, "data"), SIP: "127.0.0.1:0", Web: "127.0.0.1:0"}
	h, err := c.house(t, t.Context(), slog.New(slog.DiscardHandler), io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	err = h.Run(ended(), func() {
		for _, what := range []string{"wall", "wall renew"} {
			var out bytes.Buffer
			if code := h.desk().Exec(t.Context(), append(strings.Fields(what), "--lang", "en"), &out); code != console.NotFine || !strings.Contains(out.String(), "for this machine alone") {
				t.Errorf("%s: %d %s", what, code, &out)
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
}
