package linuxdog

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/centralita/centralita/board"
	"github.com/centralita/centralita/hal/watchdog"
	"github.com/centralita/centralita/hal/watchdog/watchdogtest"
)

// kernel plays the watchdog core: one open at a time, a time that runs from the
// opening on, magic close.
type kernel struct {
	options  uint32
	identity string
	boot     uint32
	least    uint32 // seconds; SetTimeout below it is granted as it
	most     uint32 // above it is refused
	refuse   map[Request]error
	nowayout bool

	mu      sync.Mutex
	seconds uint32
	timer   *time.Timer
	open    bool
	marked  bool // the last write had a 'V'
	bitten  bool
	asked   []Request
}

func newKernel() *kernel {
	return &kernel{options: SetsTimeout | ClosesByMark | 0x8000, identity: "Software Watchdog", least: 1, most: 65535, seconds: 60, refuse: map[Request]error{}}
}

func (k *kernel) System(string) (Device, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.open {
		return nil, fmt.Errorf("cannot open: %w", syscall.EBUSY)
	}
	k.open = true
	k.wind()
	return k, nil
}

// wind begins the time anew. k.mu is held.
func (k *kernel) wind() {
	if k.timer != nil {
		k.timer.Stop()
	}
	k.timer = time.AfterFunc(time.Duration(k.seconds)*time.Second, func() {
		k.mu.Lock()
		defer k.mu.Unlock()
		k.bitten = true
	})
}

func (k *kernel) Ioctl(r Request, b []byte) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.asked = append(k.asked, r)
	if err := k.refuse[r]; err != nil {
		return err
	}
	if size := int(r >> 16 & 0x3fff); len(b) != size {
		return fmt.Errorf("%d bytes for %d: %w", len(b), size, syscall.EFAULT)
	}
	switch r {
	case GetSupport:
		binary.NativeEndian.PutUint32(b, k.options)
		copy(b[8:], k.identity)
	case GetBootStatus:
		binary.NativeEndian.PutUint32(b, k.boot)
	case KeepAlive:
		k.wind()
	case SetTimeout:
		want := binary.NativeEndian.Uint32(b)
		if want > k.most || k.options&SetsTimeout == 0 {
			return syscall.EINVAL
		}
		k.seconds = max(want, k.least) // b stays: some drivers do so
		k.wind()
	case GetTimeout:
		binary.NativeEndian.PutUint32(b, k.seconds)
	default:
		return syscall.ENOTTY
	}
	return nil
}

func (k *kernel) Write(b []byte) (int, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.marked = strings.ContainsRune(string(b), 'V')
	return len(b), nil
}

func (k *kernel) Close() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.open = false
	if !k.nowayout && (k.marked || k.options&ClosesByMark == 0) {
		k.timer.Stop()
	}
	return nil
}

func (k *kernel) hasBitten() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.bitten
}

func TestConformance(t *testing.T) {
	for name, options := range map[string]uint32{
		"with magic close":           SetsTimeout | ClosesByMark,
		"with a fixed time":          ClosesByMark,
		"that sleeps at every close": SetsTimeout,
	} {
		t.Run(name, func(t *testing.T) {
			watchdogtest.Run(t, func(t *testing.T) (watchdog.Dog, func() bool) {
				k := newKernel()
				k.options = options
				d, r := Open(Config{Path: "/dev/watchdog", Timeout: 30 * time.Second, Open: k.System})
				if d == nil {
					t.Fatal(r)
				}
				t.Cleanup(func() { k.timer.Stop() })
				return d, k.hasBitten
			})
		})
	}
}

// What the device grants counts, whatever was asked; its own answer to the
// setting is not believed.
func TestGrantedTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, x := range []struct {
			ask, want   time.Duration
			fixed       bool
			least, most uint32
		}{
			{ask: 30 * time.Second, want: 30 * time.Second, least: 1, most: 60},
			{ask: 1500 * time.Millisecond, want: 2 * time.Second, least: 1, most: 60}, // whole seconds, never fewer
			{ask: 5 * time.Second, want: 16 * time.Second, least: 16, most: 60},
			{ask: 30 * time.Second, want: 60 * time.Second, fixed: true},
		} {
			k := newKernel()
			k.least, k.most = x.least, x.most
			if x.fixed {
				k.options = ClosesByMark
			}
			d, r := Open(Config{Path: "/dev/watchdog", Timeout: x.ask, Open: k.System})
			if d == nil || d.Info().Timeout != x.want || !strings.Contains(r.What, x.want.String()) {
				t.Fatalf("asked for %s: %v, %s; want %s", x.ask, d, r, x.want)
			}
			if err := d.Close(); err != nil {
				t.Error(err)
			}
		}
	})
}

// Every refusal is named plainly, and what was opened is closed and asleep.
func TestRefusals(t *testing.T) {
	opening := func(err error) func(string) (Device, error) {
		return func(string) (Device, error) { return nil, fmt.Errorf("cannot open: %w", err) }
	}
	for name, x := range map[string]struct {
		open  func(string) (Device, error)
		state board.State
		why   string
	}{
		"absent":       {opening(fs.ErrNotExist), board.Skipped, "there is no /dev/watchdog"},
		"no hardware":  {opening(syscall.ENODEV), board.Skipped, "there is no /dev/watchdog"},
		"busy":         {opening(syscall.EBUSY), board.Failed, "another program feeds /dev/watchdog"},
		"not ours":     {opening(syscall.EACCES), board.Failed, "we may not open /dev/watchdog"},
		"broken":       {opening(syscall.EIO), board.Failed, "input/output error"},
		"not a dog":    {refusing(GetSupport, syscall.ENOTTY), board.Failed, "it is no watchdog"},
		"too long":     {refusing(SetTimeout, syscall.EINVAL), board.Failed, "wait 30 s: invalid argument; it waits 60 s"},
		"mute":         {refusing(GetTimeout, syscall.EIO), board.Failed, "cannot tell how long"},
		"eats nothing": {refusing(KeepAlive, syscall.EIO), board.Failed, "cannot feed /dev/watchdog"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d, r := Open(Config{Path: "/dev/watchdog", Timeout: 30 * time.Second, Open: x.open})
				if d != nil || r.State != x.state || !strings.Contains(r.Why, x.why) {
					t.Errorf("%v, %s", d, r)
				}
			}) // a timer that still runs would not let the bubble end well
		})
	}
}

func refusing(r Request, err error) func(string) (Device, error) {
	k := newKernel()
	k.refuse[r] = err
	return k.System
}

// A program that dies leaves the watchdog awake; one that closes it puts it to
// sleep; a second one cannot have it meanwhile.
func TestMagicClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKernel()
		open := func() (watchdog.Dog, board.Report) {
			return Open(Config{Path: "/dev/watchdog", Timeout: 10 * time.Second, Open: k.System})
		}
		d, _ := open()
		if again, r := open(); again != nil || !strings.Contains(r.Why, "another program") {
			t.Errorf("opened twice: %s", r)
		}
		if err := d.Close(); err != nil {
			t.Error(err)
		}
		<-time.After(time.Minute)
		if k.hasBitten() {
			t.Error("it was closed and restarted the machine")
		}
		k.marked = false
		if d, r := open(); d == nil {
			t.Fatal(r)
		}
		if err := k.Close(); err != nil { // as the kernel does for a program that died
			t.Fatal(err)
		}
		<-time.After(11 * time.Second)
		synctest.Wait()
		if !k.hasBitten() {
			t.Error("the program died and the machine runs on")
		}
	})
}

// The start after a bite says so.
func TestBit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKernel()
		k.boot = CardReset
		d, r := Open(Config{Path: "/dev/watchdog", Timeout: 10 * time.Second, Open: k.System})
		if d == nil || !d.Info().Bit || d.Info().Identity != "Software Watchdog" || !strings.Contains(r.What, "before this start") {
			t.Errorf("%s", r)
		}
		if err := d.Close(); err != nil {
			t.Error(err)
		}
		if err := d.Close(); err != nil {
			t.Errorf("closed again: %v", err)
		}
		k.refuse[GetBootStatus] = errors.New("never heard of it")
		k.boot = 0
		if d, r = Open(Config{Path: "/dev/watchdog", Timeout: 10 * time.Second, Open: k.System}); d == nil || d.Info().Bit {
			t.Errorf("one that cannot tell: %s", r)
		}
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
}
