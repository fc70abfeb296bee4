package app

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/centralita/centralita/firmware/console"
	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/testbench/expect"
)

// full is who takes some bytes and no more.
type full struct{ room int }

func (f *full) Write(b []byte) (int, error) {
	n := min(len(b), f.room)
	if f.room -= n; n < len(b) {
		return n, errors.New("gone")
	}
	return n, nil
}

// Whatever leaves the box as a file is booked at every door: who took it, where, how much
// of it. What was refused is not.
func TestTheBookKnowsWhoTookWhat(t *testing.T) {
	r := runs{t, t.TempDir()}
	c := &runCmd{Config: r.write("Norte"), Data: filepath.Join(r.dir, "data"), SIP: "127.0.0.1:0", Web: "127.0.0.1:0"}
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	h := c.owned(t, ctx)
	var want []string
	note := func(what, who, where string) { want = append(want, what+"|"+who+"|"+where) }
	err := h.Run(ctx, func() {
		defer stop()
		takeOverSSH(t, h, note)
		var out bytes.Buffer
		socket := filepath.Join(c.Data, console.SocketName)
		if code, err := console.Run(ctx, socket, []string{"book", "export", "csv"}, &out); code != console.Fine || err != nil {
			t.Errorf("%d, %v: %s", code, err, &out)
		}
		note("book export", "socket", fmt.Sprintf("socket, %d bytes", out.Len()))
		if code, err := console.Run(ctx, socket, []string{"support", "bundle", "caso.tar.gz"}, &out); code != console.Fine || err != nil {
			t.Errorf("%d, %v: %s", code, err, &out)
		}
		note("support bundle", "socket", filepath.Join("support", "caso.tar.gz")+", ")
		near, far := net.Pipe()
		over, done := context.WithCancel(ctx)
		gone := make(chan error, 1)
		go func() { gone <- h.desk().ServeLine(over, "ttyS1", far, console.Sit(far), time.Hour) }()
		line := expect.New(t, near)
		line.Do("login ana", ": ")
		line.Do("una frase bien larga", "ana@centralita> ")
		line.Do("page off", "ana@centralita> ")
		line.Do("book export json", "ana@centralita> ")
		line.Do("support bundle base64", "ana@centralita> ")
		note("support bundle", "ana at serial", "serial, ")
		done()
		far.Close()
		near.Close()
		<-gone
	})
	if err != nil {
		t.Fatal(err)
	}
	var told []string
	for row := range offlineBook(t, c.Data) {
		if strings.Contains(row, `"system.order"`) {
			told = append(told, row)
		}
	}
	for _, w := range want {
		f := strings.Split(w, "|")
		found := 0
		for _, row := range told {
			if strings.Contains(row, `"`+f[0]+`"`) && strings.Contains(row, `"`+f[1]+`"`) && strings.Contains(row, f[2]) {
				found++
			}
		}
		if found != 1 {
			t.Errorf("%s is told %d times", w, found)
		}
	}
	if all := strings.Join(told, "\n"); len(told) != len(want)+1 || !strings.Contains(all, "broken off after 100 bytes") { // and the empty export as JSON
		t.Errorf("%d rows, not %d:\n%s", len(told), len(want)+1, all)
	}
}

// takeOverSSH takes everything as a file, one of them not whole, and is refused one.
func takeOverSSH(t *testing.T, h *House, note func(what, who, where string)) {
	t.Helper()
	ana := tel.Who{Name: "ana", Role: tel.Owner, Via: tel.DoorSSH}
	for _, what := range []string{"backup", "support bundle", "book export csv"} {
		var out bytes.Buffer
		if code := h.desk().ExecLine(t.Context(), ana, what, console.Stream{Out: &out, Err: io.Discard, Raw: true}); code != console.Fine {
			t.Errorf("%s: %d", what, code)
		}
		note(strings.TrimSuffix(what, " csv"), "ana at ssh", fmt.Sprintf("ssh, %d bytes", out.Len()))
	}
	h.desk().ExecLine(t.Context(), ana, "support bundle", console.Stream{Out: &full{100}, Err: io.Discard, Raw: true})
	note("support bundle", "ana at ssh", "ssh, broken off after 100 bytes")
	if code := h.desk().ExecLine(t.Context(), ana, "backup --encrypt", console.Stream{In: strings.NewReader("short\n"), Out: io.Discard, Err: io.Discard, Raw: true}); code != console.NotFine {
		t.Errorf("a short passphrase: %d", code)
	}
}
