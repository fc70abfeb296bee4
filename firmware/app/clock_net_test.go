package app_test

import (
	"context"
	"encoding/binary"
	"errors"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/centralita/centralita/firmware/app"
	"github.com/centralita/centralita/firmware/call"
	"github.com/centralita/centralita/firmware/clock"
	"github.com/centralita/centralita/testbench/office"
)

// timeServer answers one question of RFC 5905 with a clock that is ahead.
type timeServer struct {
	net.Conn // the other end of nothing
	ahead    time.Duration
	reply    []byte
}

func (s *timeServer) Write(b []byte) (int, error) {
	if len(b) < 48 || b[0]&7 != 3 {
		return 0, errors.New("this is no client of a time server")
	}
	now := time.Now().Add(s.ahead)
	stamp := uint64(now.Unix()+2208988800)<<32 | uint64(now.Nanosecond())<<32/1e9
	r := make([]byte, 48)
	r[0], r[1], r[3] = 4<<3|4, 2, 0xec
	for _, at := range []int{16, 32, 40} {
		binary.BigEndian.PutUint64(r[at:], stamp)
	}
	copy(r[24:32], b[40:48])
	s.reply = r
	return len(b), nil
}

func (s *timeServer) Read(b []byte) (int, error)  { return copy(b, s.reply), nil }
func (s *timeServer) Close() error                { return nil }
func (s *timeServer) SetDeadline(time.Time) error { return nil }

// flat is a machine whose clock begins in 2000 and may not be set; it has no battery.
type flat struct{}

func (flat) Reading() clock.Reading              { return clock.Reading{Wall: time.Now().Round(0)} }
func (flat) Boot() (string, time.Duration)       { return "", 0 }
func (flat) RTC() (t time.Time, _ bool, _ error) { return t, false, errors.New("there is none") }
func (flat) SetSystem(time.Time) error           { return errors.New("operation not permitted") }
func (flat) SetRTC(time.Time) error              { return errors.New("there is none") }

// A house without a clock asks its time servers, again while nobody answers, and
// then has the time of the network; what it wrote before is dated anew.
func TestTimeServers(t *testing.T) {
	const ahead = 27 * 365 * 24 * time.Hour // of the year 2000
	var down atomic.Bool
	var asked atomic.Int64
	down.Store(true)
	dial := func(_ context.Context, network, addr string) (net.Conn, error) {
		asked.Add(1)
		if network != "udp" || addr != "ntp.example.net:123" {
			t.Errorf("dials %s %s", network, addr)
		}
		if down.Load() {
			return nil, errors.New("network is unreachable")
		}
		return &timeServer{ahead: ahead}, nil
	}
	small(t, "clock: {servers: [ntp.example.net]}\n", func(out *app.Outside) { out.DialTime = dial }, func(o *office.Office) {
		o.Stop()
		o.Below = flat{}
		asked.Store(0)
		o.Start()
		<-time.After(50 * time.Second) // at once, after 15 s, after 30 s more
		if n := asked.Load(); n != 3 {
			t.Errorf("asked %d times in 50 s", n)
		}
		before := o.House().View().Clock
		down.Store(false)
		<-time.After(65 * time.Second)
		if v := o.House().View(); v.Clock != "ntp" || before == "ntp" {
			t.Errorf("the clock is %s, was %s", v.Clock, before)
		}
		if off := time.Until(o.House().Now()) - ahead; off < -time.Second || off > time.Second {
			t.Errorf("the house is %v off", off)
		}
		var told string
		for _, row := range o.Facts() {
			if row.Kind == call.Clock {
				told += string(row.Body)
			}
		}
		if !strings.Contains(told, "1 of 1 servers") {
			t.Errorf("the book says of the clock: %s", told)
		}
		n := asked.Load()
		<-time.After(time.Hour) // RFC 4330: seldom
		if more := asked.Load() - n; more < 3 || more > 4 {
			t.Errorf("asked %d times in an hour", more)
		}
	})
}
