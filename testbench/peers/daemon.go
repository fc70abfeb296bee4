// Package peers runs the built program beside real peers on real sockets: sipp,
// baresip, a browser, and itself.
package peers

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/centralita/centralita/firmware/console"
	"github.com/centralita/centralita/firmware/view"
)

// Daemon is one running centralita.
type Daemon struct {
	Dir string // data folder
	SIP string // HOST:PORT
	Web string

	t      *testing.T
	bin    string
	config string
	cmd    *exec.Cmd
	out    *buffer
	errs   *buffer
	exited chan error
}

// buffer is written by a child and read by the test.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) { b.mu.Lock(); defer b.mu.Unlock(); return b.b.Write(p) }
func (b *buffer) String() string              { b.mu.Lock(); defer b.mu.Unlock(); return b.b.String() }

// ports are given out once each, below the range from which the system takes
// its own, so that tests beside each other never meet.
var ports atomic.Int32

const (
	firstPort = 10000
	lastPort  = 29990 // RTP is above
)

// freePort returns an even port that is free, with the next one, for datagrams
// and streams on 127.0.0.1. The six above it are nobody's: sipp takes some.
func freePort(t *testing.T) int {
	t.Helper()
	for range 200 {
		port := firstPort + int(ports.Add(8))%(lastPort-firstPort)&^7
		if free(port) && free(port+1) {
			return port
		}
	}
	t.Fatal("no port is free for both UDP and TCP")
	return 0
}

func free(port int) bool {
	syscall.ForkLock.RLock() // a process that begins meanwhile would have the try open, too, until its program runs
	defer syscall.ForkLock.RUnlock()
	at := fmt.Sprintf("127.0.0.1:%d", port)
	l, err := net.Listen("tcp", at)
	if err != nil {
		return false
	}
	defer func() { _ = l.Close() }() // it was a try
	c, err := net.ListenPacket("udp", at)
	if err != nil {
		return false
	}
	return c.Close() == nil
}

// NewDaemon starts bin with the document on a new data folder.
func NewDaemon(t *testing.T, bin, document string) *Daemon {
	t.Helper()
	return newDaemonIn(t, bin, document, t.TempDir())
}

// newDaemonIn is NewDaemon with everything below dir.
func newDaemonIn(t *testing.T, bin, document, dir string) *Daemon {
	t.Helper()
	return newDaemonAt(t, bin, document, dir, fmt.Sprintf("127.0.0.1:%d", freePort(t)))
}

// newDaemonAt is newDaemonIn with the address of its SIP.
func newDaemonAt(t *testing.T, bin, document, dir, at string) *Daemon {
	t.Helper()
	d := &Daemon{t: t, bin: bin, Dir: filepath.Join(dir, "d"), config: filepath.Join(dir, "office.yaml"),
		SIP: at, Web: fmt.Sprintf("127.0.0.1:%d", freePort(t))}
	if err := os.WriteFile(d.config, []byte(document), 0o600); err != nil {
		t.Fatal(err)
	}
	d.Start()
	t.Cleanup(func() {
		if t.Failed() {
			for _, r := range d.Calls() {
				t.Logf("record %s %s>%s by %s: %s, %s", r.Direction, r.From, r.To, r.EndedBy, r.Cause, r.Evidence)
			}
		}
		if d.cmd != nil {
			d.Stop()
		}
		if t.Failed() {
			t.Logf("the daemon said:\n%s", d.errs)
		}
	})
	return d
}

// Start starts it, confined as in the box's image, and waits until it takes calls.
func (d *Daemon) Start() {
	d.t.Helper()
	d.cmd = exec.Command(d.bin, "run", "--config", d.config, "--data", d.Dir, "--sip", d.SIP, "--web", d.Web, "--https", "127.0.0.1:0", "--confine")
	d.cmd.Env = append(os.Environ(), "TMPDIR="+d.Dir) // else all of the test's folders were open to it
	d.out, d.errs, d.exited = &buffer{}, &buffer{}, make(chan error, 1)
	d.cmd.Stderr = d.errs
	out, err := d.cmd.StdoutPipe()
	if err != nil {
		d.t.Fatal(err)
	}
	if err := d.cmd.Start(); err != nil {
		d.t.Fatal(err)
	}
	ready := make(chan bool, 1)
	go func() {
		s := bufio.NewScanner(out)
		for s.Scan() {
			_, _ = fmt.Fprintln(d.out, s.Text()) // a buffer takes everything
			if strings.HasPrefix(s.Text(), "ready") {
				ready <- true
			}
		}
		d.exited <- d.cmd.Wait()
		close(ready)
	}()
	select {
	case ok := <-ready:
		if !ok {
			d.t.Fatalf("the daemon ended before it was ready: %s", d.errs)
		}
	case <-time.After(30 * time.Second):
		d.t.Fatalf("the daemon is not ready after 30 s: %s", d.errs)
	}
}

// Stop ends it as an init system does; it must be gone in 5 s with code 0.
func (d *Daemon) Stop() {
	d.t.Helper()
	if err := d.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		d.t.Errorf("cannot stop the daemon: %v", err)
	}
	select {
	case err := <-d.exited:
		if err != nil {
			d.t.Errorf("the daemon ended with %v: %s", err, d.errs)
		}
	case <-time.After(5 * time.Second):
		d.t.Errorf("the daemon did not end within 5 s of SIGTERM")
		d.Kill()
	}
	d.cmd = nil
}

// Kill ends it with no farewell.
func (d *Daemon) Kill() {
	d.t.Helper()
	if err := d.cmd.Process.Kill(); err != nil {
		d.t.Errorf("cannot kill the daemon: %v", err)
	}
	<-d.exited
	d.cmd = nil
}

// Run runs a command of the program on the data folder.
func (d *Daemon) Run(args ...string) (out string, code int) {
	d.t.Helper()
	cmd := exec.Command(d.bin, append(args, "--data", d.Dir)...)
	b, err := cmd.CombinedOutput()
	if exit, ok := err.(*exec.ExitError); ok {
		return string(b), exit.ExitCode()
	}
	if err != nil {
		d.t.Fatalf("cannot run %v: %v", args, err)
	}
	return string(b), 0
}

// RunTalk is Run without the arguments that are empty.
func (d *Daemon) RunTalk(args ...string) (out string, code int) {
	d.t.Helper()
	return d.Run(slices.DeleteFunc(args, func(a string) bool { return a == "" })...)
}

// Record is one line of `calls --json`, as the fixed points promise it.
type Record struct {
	ID        string   `json:"id"`
	Direction string   `json:"direction"`
	From      string   `json:"from"`
	To        string   `json:"to"`
	Port      string   `json:"port"`
	FlowPath  []string `json:"flow_path"`
	Queue     string   `json:"queue"`
	Agent     string   `json:"agent"`
	Began     *string  `json:"began"`
	Answered  *string  `json:"answered"`
	Queued    *string  `json:"queued"`
	Connected *string  `json:"connected"`
	Ended     *string  `json:"ended"`
	Wait      float64  `json:"wait_s"`
	Talk      float64  `json:"talk_s"`
	Hold      float64  `json:"hold_s"`
	ACW       float64  `json:"acw_s"`
	EndedBy   string   `json:"ended_by"`
	Cause     string   `json:"cause"`
	Evidence  string   `json:"evidence"`
}

// Calls returns the records of the book.
func (d *Daemon) Calls() []Record {
	d.t.Helper()
	out, code := d.Run("calls", "--json")
	if code != 0 {
		d.t.Fatalf("calls --json: exit %d: %s", code, out)
	}
	var all []Record
	for line := range strings.Lines(out) {
		var r Record
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			d.t.Fatalf("calls --json wrote %q: %v", line, err)
		}
		all = append(all, r)
	}
	return all
}

// Status returns the present picture, as "status --json" prints it.
func (d *Daemon) Status() *view.Snapshot {
	d.t.Helper()
	var out bytes.Buffer
	code, err := console.Run(d.t.Context(), filepath.Join(d.Dir, console.SocketName), []string{"status", "--json"}, &out)
	s := &view.Snapshot{}
	if err == nil && code == 0 {
		err = json.Unmarshal(out.Bytes(), s)
	}
	if err != nil || code != 0 {
		d.t.Fatalf("status --json: exit %d, %v: %s", code, err, out.String())
	}
	return s
}

// Ended waits until the book holds n calls and all have ended, and returns them.
func (d *Daemon) Ended(n int) []Record {
	d.t.Helper()
	var all []Record
	Until(d.t, fmt.Sprintf("%d records, complete", n), 10*time.Second, func() bool {
		all = d.Calls()
		return len(all) == n && !slices.ContainsFunc(all, func(r Record) bool { return r.Ended == nil })
	})
	return all
}

// Verify demands that the chain of the book is whole.
func (d *Daemon) Verify() {
	d.t.Helper()
	if out, code := d.Run("book", "verify"); code != 0 {
		d.t.Errorf("book verify: exit %d: %s", code, out)
	}
}

// Until waits until ok holds.
func Until(t *testing.T, what string, limit time.Duration, ok func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-ctx.Done():
			t.Fatalf("not within %s: %s", limit, what)
		case <-tick.C:
		}
	}
}
