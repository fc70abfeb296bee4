package serialtest

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"time"

	"github.com/centralita/centralita/hal/serial"
)

// Rig is a device with someone at its far end.
type Rig struct {
	Device serial.Device
	// Plug and Unplug put the device there and take it away; it starts plugged.
	Plug, Unplug func() error
	// Far returns the far end as it is now.
	Far func() io.ReadWriter
	// Stuck makes the far end take nothing any more; nil: not reading suffices.
	Stuck func() error
}

// Limits of the suite. A write that waits is given longer than a busy machine
// needs.
var limits = serial.Limits{Read: 200 * time.Millisecond, Write: 300 * time.Millisecond}

// Run tests that every device that make makes keeps the contract of hal/serial.
func Run(t *testing.T, make func(*testing.T) Rig) {
	for _, c := range []struct {
		name string
		test func(*testing.T, Rig)
	}{
		{"both ways, every byte", bothWays}, {"read gives up and goes on", readLimit}, {"write gives up and goes on", writeLimit},
		{"close ends a read", closeEndsRead}, {"close ends a write", closeEndsWrite}, {"closed twice", closedTwice},
		{"opened once", openedOnce}, {"absent", absent}, {"unplugged and back", unplugged},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, make(t)) })
	}
}

func open(t *testing.T, r Rig, lim serial.Limits) serial.Line {
	t.Helper()
	l, err := r.Device.Open(lim)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return l
}

// all is every byte: nothing on the way may read a meaning into one.
func all() []byte {
	b := make([]byte, 256)
	for i := range b {
		b[i] = byte(i)
	}
	return b
}

func bothWays(t *testing.T, r Rig) {
	l := open(t, r, serial.Limits{})
	far := r.Far()
	if n, err := l.Write(all()); n != 256 || err != nil {
		t.Fatalf("write: %d, %v", n, err)
	}
	got := make([]byte, 256)
	if _, err := io.ReadFull(far, got); err != nil || !bytes.Equal(got, all()) {
		t.Fatalf("the far end has %x, %v", got, err)
	}
	if _, err := far.Write(all()); err != nil {
		t.Fatal(err)
	}
	clear(got)
	if _, err := io.ReadFull(l, got); err != nil || !bytes.Equal(got, all()) {
		t.Fatalf("the near end has %x, %v", got, err)
	}
}

func readLimit(t *testing.T, r Rig) {
	l := open(t, r, limits)
	began := time.Now()
	if n, err := l.Read(make([]byte, 8)); n != 0 || !errors.Is(err, serial.ErrTimeout) {
		t.Fatalf("nothing came: %d, %v", n, err)
	}
	if took := time.Since(began); took < limits.Read/2 {
		t.Errorf("gave up after %s", took)
	}
	if _, err := r.Far().Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, 8)
	if n, err := l.Read(got); err != nil || string(got[:n]) != "x" {
		t.Errorf("then came %q, %v", got[:n], err)
	}
}

// fill writes until the line takes no more.
func fill(t *testing.T, r Rig, l serial.Line) (taken int) {
	t.Helper()
	if r.Stuck != nil {
		if err := r.Stuck(); err != nil {
			t.Fatal(err)
		}
	}
	for range 64 {
		n, err := l.Write(make([]byte, 16<<10))
		taken += n
		if errors.Is(err, serial.ErrTimeout) {
			return taken
		}
		if err != nil {
			t.Fatalf("after %d bytes: %v", taken, err)
		}
	}
	t.Fatalf("%d bytes went to a far end that does not read", taken)
	return 0
}

func writeLimit(t *testing.T, r Rig) {
	l := open(t, r, limits)
	taken := fill(t, r, l)
	if taken == 0 {
		t.Error("not even the buffer took anything")
	}
	if r.Stuck != nil {
		return
	}
	far := r.Far()
	got := make([]byte, 1<<10)
	for n := 0; n < taken; {
		k, err := far.Read(got[:min(len(got), taken-n)])
		if err != nil {
			t.Fatalf("the far end read %d of %d: %v", n, taken, err)
		}
		n += k
	}
	if _, err := l.Write([]byte("y")); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(far, got[:1]); err != nil || got[0] != 'y' {
		t.Errorf("afterwards the far end read %q, %v", got[:1], err)
	}
}

// ends runs do and wants want from it soon after stop.
func ends(t *testing.T, do func() error, stop func() error, want error) {
	t.Helper()
	got := make(chan error, 1)
	go func() { got <- do() }()
	t.Helper()
	select {
	case err := <-got:
		t.Fatalf("it did not wait: %v", err)
	case <-time.After(50 * time.Millisecond):
	}
	if err := stop(); err != nil {
		t.Errorf("stop: %v", err)
	}
	select {
	case err := <-got:
		if !errors.Is(err, want) {
			t.Errorf("it ended with %v, not %v", err, want)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("it did not end")
	}
}

func read(l serial.Line) func() error {
	return func() error { _, err := l.Read(make([]byte, 8)); return err }
}

func closeEndsRead(t *testing.T, r Rig) {
	l := open(t, r, serial.Limits{})
	ends(t, read(l), l.Close, serial.ErrClosed)
}

func closeEndsWrite(t *testing.T, r Rig) {
	l := open(t, r, limits)
	fill(t, r, l)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	l = open(t, r, serial.Limits{})
	ends(t, func() error {
		for {
			if _, err := l.Write(make([]byte, 16<<10)); err != nil {
				return err
			}
		}
	}, l.Close, serial.ErrClosed)
}

func closedTwice(t *testing.T, r Rig) {
	l := open(t, r, limits)
	for range 2 {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	}
	if err := read(l)(); !errors.Is(err, serial.ErrClosed) {
		t.Errorf("read: %v", err)
	}
	if _, err := l.Write([]byte("x")); !errors.Is(err, serial.ErrClosed) {
		t.Errorf("write: %v", err)
	}
}

func openedOnce(t *testing.T, r Rig) {
	l := open(t, r, limits)
	if second, err := r.Device.Open(limits); !errors.Is(err, serial.ErrBusy) {
		t.Errorf("a second one: %v, %v", second, err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	open(t, r, limits)
}

func absent(t *testing.T, r Rig) {
	if err := r.Unplug(); err != nil {
		t.Fatal(err)
	}
	if l, err := r.Device.Open(limits); !errors.Is(err, serial.ErrAbsent) {
		t.Errorf("%v, %v", l, err)
	}
}

func unplugged(t *testing.T, r Rig) {
	l := open(t, r, serial.Limits{})
	ends(t, read(l), r.Unplug, serial.ErrGone)
	if _, err := l.Write([]byte("x")); !errors.Is(err, serial.ErrGone) {
		t.Errorf("write: %v", err)
	}
	if err := r.Plug(); err != nil {
		t.Fatal(err)
	}
	if err := read(l)(); !errors.Is(err, serial.ErrGone) {
		t.Errorf("a lost line came back: %v", err)
	}
	if err := l.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
	l = open(t, r, serial.Limits{})
	if _, err := r.Far().Write([]byte("z")); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, 8)
	if n, err := l.Read(got); err != nil || string(got[:n]) != "z" {
		t.Errorf("after the replug came %q, %v", got[:n], err)
	}
}
