package voicemodem

import (
	"io"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/centralita/centralita/dsp/pcm"
)

// hand is a person at a terminal: what comes is kept as it came.
type hand struct {
	t  *testing.T
	rw io.ReadWriteCloser
	mu sync.Mutex
	in []byte
}

func take(t *testing.T, m *Modem) *hand {
	rw, err := m.Dial()
	if err != nil {
		t.Fatal(err)
	}
	h := &hand{t: t, rw: rw}
	go func() {
		b := make([]byte, 4096)
		for {
			n, err := rw.Read(b)
			h.mu.Lock()
			h.in = append(h.in, b[:n]...)
			h.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	t.Cleanup(func() { rw.Close(); synctest.Wait() })
	return h
}

// types sends s and returns what came since the last time.
func (h *hand) types(s string) string {
	h.t.Helper()
	if _, err := h.rw.Write([]byte(s)); err != nil {
		h.t.Fatal(err)
	}
	return h.reads()
}

func (h *hand) reads() string {
	synctest.Wait()
	h.mu.Lock()
	defer h.mu.Unlock()
	s := string(h.in)
	h.in = nil
	return s
}

// The bytes on the wire are those of V.250 and V.253, whatever a driver thinks.
func TestBytesOnTheWire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		line := new(Wire)
		m := New(Full(), line)
		h := take(t, m)
		for _, c := range []struct{ typed, want string }{
			{"AT\r", "AT\r\r\nOK\r\n"}, // V.250 5.7 and 6.2.4: echo, then the verbose result
			{"at+vls=1\r", "at+vls=1\r\r\nERROR\r\n"},
			{"ATE0Q0V1\r", "ATE0Q0V1\r\r\nOK\r\n"},
			{"nonsense\r", ""},
			{"AT+FCLASS=8\r", "\r\nOK\r\n"},
			{"AT+VSM=129,8000\r", "\r\nERROR\r\n"},
			{"AT+VSM=16,7200\r", "\r\nERROR\r\n"},
			{"AT+VSM=16,8000\r", "\r\nOK\r\n"},
			{"AT+VTR\r", "\r\nERROR\r\n"}, // on hook
			{"AT+VLS=1\r", "\r\nOK\r\n"},
			{"AT+VTR\r", "\r\nCONNECT\r\n"},
		} {
			if got := h.types(c.typed); got != c.want {
				t.Errorf("%q is answered by %q, not %q", c.typed, got, c.want)
			}
		}
		line.Put(&pcm.Frame{0: 0x1010, 1: 0x0310})
		<-time.After(30 * time.Millisecond)
		if got := h.reads(); !strings.HasPrefix(got, "\x10\x10\x10\x10\x10\x10\x03\x00\x00") || len(got) != 2*pcm.FrameLen+3 {
			t.Errorf("V.253 9.1: %d bytes, %q …", len(got), got[:12])
		}
		h.types("\x10\x10\x10\x10\x10\x10\x03" + strings.Repeat("\x00", 2*pcm.FrameLen-4))
		if f := line.Heard(); len(f) != 1 || f[0] != (pcm.Frame{0: 0x1010, 1: 0x0310}) {
			t.Errorf("%d frames are heard", len(f))
		}
		m.Code('5')
		if got := h.reads(); got != "\x10/\x105\x105\x10~" {
			t.Errorf("a key is %q", got)
		}
		if got := h.types("\x10!"); got != "" {
			t.Errorf("DLE ! in +VTR: %q", got)
		}
		if got := h.types("\x10^"); got != "\x10\x03\r\nOK\r\n" {
			t.Errorf("DLE ^: %q", got)
		}
		if got := h.types("AT+VTS=!\r") + h.types("AT+VLS=0\r"); got != "\r\nOK\r\n\r\nOK\r\n" || len(line.Commanded()) != 3 {
			t.Errorf("flash and hook: %q", got)
		}
	})
}

// The older set: VCON, one direction at a time, sound played out before the result.
func TestOlderModem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		line := new(Wire)
		m := New(Half(), line)
		h := take(t, m)
		h.types("ATE0Q0V1\rAT+FCLASS=8\rAT+VSM=128,8000\r")
		if got := h.types("AT+VLS=1\r") + h.types("AT+VTR\r") + h.types("AT+VTX\r"); got != "\r\nVCON\r\n\r\nERROR\r\n\r\nCONNECT\r\n" {
			t.Errorf("%q", got)
		}
		h.types(strings.Repeat("\x90", 5*pcm.FrameLen))
		if got := h.types("\x10\x03"); got != "" {
			t.Errorf("before the sound is played: %q", got)
		}
		<-time.After(110 * time.Millisecond)
		if got := h.reads(); got != "\r\nVCON\r\n" || len(line.Heard()) != 5 {
			t.Errorf("behind the sound: %q", got)
		}
		h.types("AT+VRX\r")
		<-time.After(110 * time.Millisecond)
		if got := h.types("\x10!"); got != strings.Repeat("\x80", 5*pcm.FrameLen)+"\x10\x03\r\nVCON\r\n" {
			t.Errorf("recorded %d bytes, ending %q", len(got), got[max(0, len(got)-12):])
		}
	})
}
