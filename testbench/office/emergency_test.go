package office

import (
	"context"
	"errors"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/centralita/centralita/firmware/app"
	"github.com/centralita/centralita/firmware/view"
	"github.com/centralita/centralita/testbench/phone"
	"github.com/centralita/centralita/testbench/receiver"
)

// Who has taken the row of an emergency call's beginning has been told of it, and nobody
// else: head office without a link has not, and has once the link is there.
func TestWhoWasToldOfAnEmergency(t *testing.T) {
	pack, err := Pack(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	doc := document + "uplinks:\n  - {id: sede, url: \"http://127.0.0.1:9000/in\"}\n"
	var cable atomic.Bool
	synctest.Test(t, func(t *testing.T) {
		sede := newDesk()
		r, err := receiver.Open(filepath.Join(t.TempDir(), "sede.db"), "")
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		server := &http.Server{Handler: r}
		go server.Serve(sede)
		defer server.Close()
		o := OpenWith(t, 5, doc, pack, func(out *app.Outside) {
			out.DialUplink = func(context.Context, string, string) (net.Conn, error) {
				if !cable.Load() {
					return nil, errors.New("no cable")
				}
				near, far := net.Pipe()
				sede.conns <- far
				return near, nil
			}
		})
		defer o.Stop()
		fire := o.Phone(Far, phone.Account{User: "carrier"})
		defer fire.Close()
		fire.OnCall = func(c *phone.Call) { c.Ring(); c.Answer() }
		ana := o.agent("201", "10.0.0.21", nil)
		defer ana.Close()
		o.Until("the carrier is there", 5*time.Minute, func() bool { return o.House().View().Trunks[0].Lamp != view.Dead })
		c := o.through(ana, "112")
		told := func() string {
			calls := o.House().View().Calls
			if len(calls) != 1 || !calls[0].Emergency {
				t.Fatalf("calls are %+v", calls)
			}
			return strings.Join(calls[0].Told, " ")
		}
		<-time.After(10 * time.Second)
		if got := told(); got != "" {
			t.Errorf("without a link %q was told", got)
		}
		cable.Store(true)
		o.Until("head office was told", 5*time.Minute, func() bool { return told() == "sede" })
		has := false
		rows, err := r.Rows(t.Context(), "test")
		o.must(err)
		for _, row := range rows {
			has = has || strings.Contains(string(row.Body), "\"112\"")
		}
		if !has {
			t.Errorf("head office has %d rows, none of the call", len(rows))
		}
		c.HangUp()
		o.Until("the call is over", 5*time.Second, func() bool { return len(o.House().View().Calls) == 0 })
	})
}
