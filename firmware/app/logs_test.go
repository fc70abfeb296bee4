package app_test

import (
	"context"
	"io"
	"net"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/centralita/centralita/firmware/app"
	"github.com/centralita/centralita/testbench/office"
)

// collector is a log server in memory.
type collector struct {
	mu   sync.Mutex
	text strings.Builder
	down error
	conn net.Conn
}

func (c *collector) Dial(context.Context, string, string) (net.Conn, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.down != nil {
		return nil, c.down
	}
	ours, theirs := net.Pipe()
	c.conn = theirs
	go func() { _, _ = io.Copy(c, theirs) }() // until one of both closes
	return ours, nil
}

func (c *collector) Write(b []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.text.Write(b)
}

func (c *collector) said() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.text.String()
}

// The log server hears of alarms as they come and go; when it is gone, that is an
// alarm here, and it hears of it afterwards.
func TestLogServer(t *testing.T) {
	c := &collector{}
	small(t, "log: {syslog: {server: \"logs.example.net:601\", transport: tcp}}\nwatchdog: {}\n", func(out *app.Outside) { out.DialLog = c.Dial }, func(o *office.Office) {
		<-time.After(10 * time.Second)
		if got := c.said(); !strings.Contains(got, "alarm site=") || !strings.Contains(got, " id=watchdog ") || !strings.Contains(got, "<28>1 2000-01-01T") {
			t.Errorf("the server heard %q", got)
		}
		c.mu.Lock()
		c.down = syscall.ECONNREFUSED
		_ = c.conn.Close() // the server dies
		c.mu.Unlock()
		<-time.After(10 * time.Second)
		if got := alarms(o); !strings.Contains(got, "syslog") {
			t.Errorf("alarms %q", got)
		}
		c.mu.Lock()
		c.down = nil
		c.mu.Unlock()
		<-time.After(2 * time.Minute)
		synctest.Wait()
		if got := c.said(); alarms(o) != "watchdog" || !strings.Contains(got, "alarm over") || !strings.Contains(got, " id=syslog ") {
			t.Errorf("alarms %q; the server heard %q", alarms(o), got)
		}
	})
}
