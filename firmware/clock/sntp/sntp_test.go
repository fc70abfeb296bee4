package sntp

import (
	"encoding/binary"
	"errors"
	"net"
	"strings"
	"testing"
	"time"
)

// ntpEpoch is 1900-01-01 (RFC 5905, section 6).
const ntpEpoch = 2208988800

func stamp(t time.Time) uint64 {
	return uint64(t.Unix()+ntpEpoch)<<32 | uint64(t.Nanosecond())<<32/1e9
}

// server answers as a time server whose clock is ahead by off; stratum 0 is a refusal.
func server(t *testing.T, off time.Duration, stratum byte) string {
	t.Helper()
	c, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	go func() {
		b := make([]byte, 128)
		for {
			n, from, err := c.ReadFrom(b)
			if err != nil {
				return
			}
			if n < 48 || b[0]&7 != 3 { // mode 3: a client
				continue
			}
			now := stamp(time.Now().Add(off))
			var r [48]byte
			r[0], r[1], r[2], r[3] = 4<<3|4, stratum, 6, 0xec // version 4, a server
			copy(r[12:16], "TEST")
			binary.BigEndian.PutUint64(r[16:], now)
			copy(r[24:32], b[40:48]) // the client's transmit time is its origin
			binary.BigEndian.PutUint64(r[32:], now)
			binary.BigEndian.PutUint64(r[40:], now)
			c.WriteTo(r[:], from)
		}
	}()
	return c.LocalAddr().String()
}

// nobody is an address where no server is.
func nobody(t *testing.T) string {
	t.Helper()
	c, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	return c.LocalAddr().String()
}

func TestAsk(t *testing.T) {
	hour := time.Hour
	for _, c := range []struct {
		name    string
		servers []string
		want    time.Duration
		from    string
		err     string
	}{
		{"one", []string{server(t, hour, 2)}, hour, "1 of 1 servers", ""},
		{"one of three is wrong", []string{server(t, hour, 2), server(t, 999*hour, 1), server(t, hour, 3)}, hour, "2 of 3 servers", ""},
		{"one is not there", []string{nobody(t), server(t, -hour, 2)}, -hour, "1 of 2 servers", ""},
		{"two that differ", []string{server(t, hour, 2), server(t, 2*hour, 2)}, 0, "", "do not agree"},
		{"one that is not synchronised", []string{server(t, 0, 16)}, 0, "", "stratum"},
		{"a kiss of death", []string{server(t, 0, 0)}, 0, "", "kiss"},
		{"nobody", []string{nobody(t)}, 0, "", "refused"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := Asker{Servers: c.servers}.Ask(t.Context())
			if c.err != "" {
				if err == nil || !strings.Contains(err.Error(), c.err) {
					t.Errorf("got %+v, %v; want an error with %q", got, err, c.err)
				}
				return
			}
			if err != nil || got.From != c.from {
				t.Fatalf("got %+v, %v; want it from %q", got, err, c.from)
			}
			if off := time.Until(got.At) - c.want; off < -5*time.Second || off > 5*time.Second {
				t.Errorf("the time is %v off", off)
			}
		})
	}
}

func TestAgreed(t *testing.T) {
	s := func(seconds ...float64) (out []answer) {
		for _, x := range seconds {
			out = append(out, answer{offset: time.Duration(x * 1e9)})
		}
		return out
	}
	for _, c := range []struct {
		answers []answer
		want    float64
		n       int
		err     error
	}{
		{s(3), 3, 1, nil},
		{s(3, 3.5), 3.5, 2, nil},
		{s(3, 9), 0, 0, errApart},
		{s(9, 3, 3.2), 3.2, 2, nil},
		{s(1, 1.1, 5, 5.1), 0, 0, errApart},
		{s(0, 0.9, 1.8, 50), 0, 0, errApart}, // no two thirds of a chain: half agree at most
		{s(0, 0.5, 0.9, 50), 0.5, 3, nil},
		{append(s(2), answer{err: errors.New("silent")}), 2, 1, nil},
	} {
		got, n, err := agreed(c.answers)
		if !errors.Is(err, c.err) || n != c.n || got != time.Duration(c.want*1e9) {
			t.Errorf("%v: got %v of %d, %v", c.answers, got, n, err)
		}
	}
}

// RFC 4330, section 10: a client never asks more often than every 15 s, and less and
// less often while nobody answers.
func TestPace(t *testing.T) {
	var p Pace
	var got []time.Duration
	for _, ok := range []bool{false, false, false, true, false, false, false, false, false, false, false, false, false} {
		got = append(got, p.Next(ok)/time.Second)
	}
	want := []time.Duration{15, 30, 60, 1024, 15, 30, 60, 120, 240, 480, 960, 1024, 1024}
	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("waits of %v, want %v", got, want)
		}
	}
}
