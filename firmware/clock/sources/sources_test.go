package sources

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/centralita/centralita/firmware/clock"
)

var noon = time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)

func saved(minute int) clock.Saved {
	return clock.Saved{At: noon.Add(time.Duration(minute) * time.Minute), State: clock.NTP, Floor: noon, Boot: "a", Up: time.Duration(minute) * time.Minute}
}

// A day of minutes: each is read back, and the file stays two pages long.
func TestStore(t *testing.T) {
	dir := t.TempDir()
	for i := range 100 {
		s, err := OpenStore(dir)
		if err != nil {
			t.Fatal(err)
		}
		if last := s.Last(); i == 0 != (last == nil) || last != nil && *last != saved(i-1) {
			t.Fatalf("minute %d: %+v", i, last)
		}
		if err := errors.Join(s.Save(saved(i)), s.Close()); err != nil {
			t.Fatal(err)
		}
	}
	if info, err := os.Stat(filepath.Join(dir, FileName)); err != nil || info.Size() != 2*slot || info.Mode() != 0o600 {
		t.Errorf("%v %v", info, err)
	}
}

// A power cut in the middle of a page, anywhere: the minute before stays.
func TestStoreTorn(t *testing.T) {
	dir := t.TempDir()
	s, err := OpenStore(dir)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		if err := s.Save(saved(i)); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, FileName)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	older, err := format(record{2, saved(1)}) // what the page held before the third minute was written over it
	if err != nil {
		t.Fatal(err)
	}
	end := strings.IndexByte(string(whole), '\n') + 1
	for n := range end {
		torn := append(append([]byte{}, whole[:n]...), make([]byte, slot-n)...)
		if n%2 == 0 {
			torn = append(append([]byte{}, whole[:n]...), older[n:]...)
		}
		if err := os.WriteFile(path, append(torn, whole[slot:]...), 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := OpenStore(dir)
		if err != nil {
			t.Fatal(err)
		}
		if last := s.Last(); last == nil || *last != saved(1) && *last != saved(2) {
			t.Fatalf("cut at %d: %+v", n, last)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(path, []byte("00000000 {}\nnonsense"), 0o600); err != nil {
		t.Fatal(err)
	}
	if s, err = OpenStore(dir); err != nil || s.Last() != nil {
		t.Errorf("nonsense was read: %v %v", s.Last(), err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// No bytes of the file upset the start, and what is read has the right checksum.
func FuzzParse(f *testing.F) {
	b, err := format(record{7, saved(1)})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add([]byte("00000000 \n"))
	f.Add([]byte("a3830348 {}\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, ok := parse(b)
		if !ok {
			return
		}
		if r.At.IsZero() || r.Up < 0 {
			t.Errorf("taken: %+v", r)
		}
		if again, err := format(r); err == nil {
			if r2, ok := parse(again); !ok || !r2.At.Equal(r.At) || r2.N != r.N {
				t.Errorf("%+v became %+v", r, r2)
			}
		}
	})
}

// fake is a kernel.
type fake struct {
	ok        bool
	off       time.Duration
	up, awake time.Duration
	direct    time.Time
	set, rtc  time.Time
	err       error
}

func (f *fake) synced() (bool, time.Duration, error)          { return f.ok, f.off, f.err }
func (f *fake) clocks() (time.Duration, time.Duration, error) { return f.up, f.awake, f.err }
func (f *fake) set0(t time.Time) error                        { f.set = t; return f.err }
func (f *fake) readRTC(string) (time.Time, error)             { return f.direct, f.err }
func (f *fake) setRTC(_ string, t time.Time) error            { f.rtc = t; return f.err }
func machine(f *fake, files map[string]string) *Machine {
	root := fstest.MapFS{}
	for name, text := range files {
		root[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return &Machine{root: root, rtc: DefaultRTC, sys: kern{f}}
}

// kern is a fake with the kernel's methods.
type kern struct{ *fake }

func (k kern) set(t time.Time) error { return k.set0(t) }

// adjtimex(2): a clock that nobody disciplines, and one that a daemon lost.
func TestReading(t *testing.T) {
	for _, c := range []struct {
		f      fake
		synced bool
		slept  time.Duration
	}{
		{fake{ok: true, off: 20 * time.Millisecond, up: time.Hour, awake: 40 * time.Minute}, true, 20 * time.Minute},
		{fake{ok: false, off: 20 * time.Millisecond}, false, 0},
		{fake{ok: true, off: 16 * time.Second}, false, 0},
		{fake{ok: true, err: errors.New("no")}, false, 0},
	} {
		if r := machine(&c.f, nil).Reading(); r.Synced != c.synced || r.Slept != c.slept || time.Since(r.Wall) > time.Minute {
			t.Errorf("%+v: %+v", c.f, r)
		}
	}
}

// Nothing, a time, an oscillator that stood still (the kernel's EINVAL), nonsense.
func TestRTC(t *testing.T) {
	const file = "sys/class/rtc/rtc0/since_epoch"
	if _, has, err := machine(&fake{}, nil).RTC(); has || err == nil {
		t.Errorf("none: %t %v", has, err)
	}
	if at, has, err := machine(&fake{}, map[string]string{file: "1795953600\n"}).RTC(); !has || err != nil || !at.Equal(time.Unix(1795953600, 0)) {
		t.Errorf("%s %t %v", at, has, err)
	}
	if _, has, err := machine(&fake{}, map[string]string{file: "soon\n"}).RTC(); !has || err == nil {
		t.Errorf("nonsense: %t %v", has, err)
	}
	m := machine(&fake{err: errors.New("no")}, nil)
	m.root = broken{}
	if _, has, err := m.RTC(); !has || err == nil || !strings.Contains(err.Error(), "battery") {
		t.Errorf("stood still: %t %v", has, err)
	}
}

// broken is a file system whose files cannot be read.
type broken struct{}

func (broken) Open(string) (fs.File, error) { return nil, errors.New("invalid argument") }

func TestSet(t *testing.T) {
	f := &fake{}
	m := machine(f, nil)
	if err := errors.Join(m.SetSystem(noon.Add(time.Millisecond)), m.SetRTC(noon.Add(600*time.Millisecond))); err != nil {
		t.Fatal(err)
	}
	if !f.set.Equal(noon.Add(time.Millisecond)) || !f.rtc.Equal(noon.Add(time.Second)) {
		t.Errorf("%s %s", f.set, f.rtc)
	}
	f.err = errors.New("not permitted")
	if err := m.SetSystem(noon); err == nil || !strings.Contains(err.Error(), "cannot set the system's clock") {
		t.Error(err)
	}
}

// This machine answers without being asked twice.
func TestThisMachine(t *testing.T) {
	m := NewMachine("")
	id, up := m.Boot()
	r := m.Reading()
	if len(id) != 36 || up <= 0 || time.Since(r.Wall).Abs() > time.Minute {
		t.Errorf("boot %q up %s, %+v", id, up, r)
	}
}
