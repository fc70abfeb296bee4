package app

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"

	"github.com/centralita/centralita/board"
	"github.com/centralita/centralita/board/atmodem"
	"github.com/centralita/centralita/board/buses"
	"github.com/centralita/centralita/board/dahdi"
	"github.com/centralita/centralita/board/gpio"
	"github.com/centralita/centralita/board/linuxdog"
	"github.com/centralita/centralita/board/tty"
	"github.com/centralita/centralita/firmware/config"
	"github.com/centralita/centralita/firmware/console"
	"github.com/centralita/centralita/firmware/health"
	"github.com/centralita/centralita/hal/serial"
	"github.com/centralita/centralita/hal/watchdog"
)

// Outside is everything the house touches the world with. Tests give it sockets
// made of memory; Listen opens real ones.
type Outside struct {
	SIP       net.PacketConn
	SIPStream net.Listener
	RTP       func(netip.AddrPort) (net.PacketConn, error)
	RTPAddr   netip.Addr     // where RTP sockets are opened
	Advertise netip.AddrPort // what SDP and Contact say at first; zero: the sockets' own addresses
	// Addresses are those of the machine; nil: it is not looked whether they change.
	Addresses func() ([]netip.Addr, error)
	Web       net.Listener
	HTTPS     net.Listener // of the pages over TLS; nil: none are
	Control   net.Listener
	Wire      net.Listener // of the simulated board; nil: none is served
	// Serial opens the serial line of a modem; nil: no modem is opened.
	Serial func(device string, baud int) (io.ReadWriteCloser, error)
	// Console is the serial line of a technician; nil: none is opened.
	Console func(path string) serial.Device
	// SSH listens for SSH; nil: nothing does.
	SSH   func(netip.AddrPort) (net.Listener, error)
	DAHDI dahdi.Kernel // of telephone cards; nil: none is opened
	Wires Wires        // to the front of the box; zero: none is opened
	// Watchdog opens the watchdog of the machine; nil: none is opened.
	Watchdog func(linuxdog.Config) (watchdog.Dog, board.Report)
	// Awake: the machine was started from our card, whose first file system has woken the
	// watchdog. It must be fed then, whatever the document says.
	Awake   bool
	Notify  *health.Notifier // of systemd; nil: nobody is told
	Machine *health.Machine  // below us; nil: it is not looked at

	DialTCP    func(ctx context.Context, addr string) (net.Conn, error)
	Resolve    func(ctx context.Context, host string) ([]netip.Addr, error)
	DialUplink func(ctx context.Context, network, addr string) (net.Conn, error)
	DialLog    func(ctx context.Context, network, addr string) (net.Conn, error)
	Updates    http.RoundTripper                                                 // to where updates come from; nil: over TLS by our own clock
	DialTime   func(ctx context.Context, network, addr string) (net.Conn, error) // to a time server
}

// Listen opens the sockets that cfg names. On an error nothing stays open.
func Listen(cfg *config.Config, dir string) (out *Outside, err error) {
	o := &Outside{RTPAddr: cfg.Listen.SIP.Addr()}
	defer func() {
		if err != nil {
			o.close()
		}
	}()
	if err = o.open(&cfg.Listen); err != nil {
		return nil, err
	}
	if o.Control, err = console.Listen(dir); err != nil {
		return nil, err
	}
	if cfg.Board.Kind == "sim" {
		path := cfg.Board.Socket
		if !filepath.IsAbs(path) {
			path = filepath.Join(dir, path)
		}
		if o.Wire, err = listenUnix(path); err != nil {
			return nil, err
		}
	}
	if o.Notify, err = health.NewNotifier(os.Getenv, os.Getpid()); err != nil {
		return nil, err
	}
	o.machine(dir)
	return o, nil
}

// machine is what the machine has: its hardware, and sockets that are opened later.
func (o *Outside) machine(dir string) {
	o.Serial, o.DAHDI, o.Watchdog = atmodem.OpenSerial, dahdi.System(dahdi.Root), linuxdog.Open
	o.Console = func(path string) serial.Device { return tty.Device{Path: path} }
	o.Wires = Wires{GPIO: gpio.Linux(), I2C: buses.I2C, SPI: buses.SPI}
	o.Machine = health.NewMachine(dir)
	o.Awake = startedFromCard("/proc/cmdline")
	o.SSH, o.RTP = listenTCP, listenUDP
	o.Resolve = func(ctx context.Context, host string) ([]netip.Addr, error) {
		return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	}
	var d net.Dialer
	o.DialTCP = func(ctx context.Context, addr string) (net.Conn, error) { return d.DialContext(ctx, "tcp", addr) }
}

// close closes what is open.
func (o *Outside) close() {
	if o.SIP != nil {
		_ = o.SIP.Close() // it is being given up
	}
	for _, l := range []net.Listener{o.SIPStream, o.Web, o.HTTPS, o.Control, o.Wire} {
		if l != nil {
			_ = l.Close() // it is being given up
		}
	}
}
