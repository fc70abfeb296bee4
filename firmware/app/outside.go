package app

import (
	"context"
	"errors"
	"fmt"
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
	// Addresses are those of the machine that may be told; nil: Advertise stays.
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
	SSH   func(addr string) (net.Listener, error)
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
	Updates    http.RoundTripper                                                 // to where updates come from; nil: the usual one
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
	hint := func(flag string) string {
		return "is another centralita running, or the port taken? --" + flag + " chooses another"
	}
	if o.SIP, err = net.ListenPacket(network("udp", cfg.Listen.SIP.Addr()), cfg.Listen.SIP.String()); err != nil {
		return nil, fmt.Errorf("cannot listen for SIP: %w; %s", err, hint("sip"))
	}
	// With port 0 the stream takes the port that the datagrams got.
	at := netip.AddrPortFrom(cfg.Listen.SIP.Addr(), uint16(o.SIP.LocalAddr().(*net.UDPAddr).Port))
	if o.SIPStream, err = net.Listen(network("tcp", at.Addr()), at.String()); err != nil {
		return nil, fmt.Errorf("cannot listen for SIP over TCP: %w; %s", err, hint("sip"))
	}
	if o.Web, err = net.Listen(network("tcp", cfg.Listen.Web.Addr()), cfg.Listen.Web.String()); err != nil {
		return nil, fmt.Errorf("cannot listen for the wall page: %w; %s", err, hint("web"))
	}
	if o.HTTPS, err = net.Listen(network("tcp", cfg.Listen.HTTPS.Addr()), cfg.Listen.HTTPS.String()); err != nil {
		return nil, fmt.Errorf("cannot listen for the pages over TLS: %w; %s", err, hint("https"))
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
	o.Serial, o.DAHDI, o.Watchdog = atmodem.OpenSerial, dahdi.System(dahdi.Root), linuxdog.Open
	o.SSH = func(addr string) (net.Listener, error) {
		return net.Listen(network("tcp", cfg.Access.SSH.Addr()), addr)
	}
	o.Console = func(path string) serial.Device { return tty.Device{Path: path} }
	o.Wires = Wires{GPIO: gpio.Linux(), I2C: buses.I2C, SPI: buses.SPI}
	o.Machine = health.NewMachine(dir)
	o.Awake = startedFromCard("/proc/cmdline")
	if o.Notify, err = health.NewNotifier(os.Getenv, os.Getpid()); err != nil {
		return nil, err
	}
	o.RTP = func(a netip.AddrPort) (net.PacketConn, error) {
		return net.ListenUDP(network("udp", a.Addr()), net.UDPAddrFromAddrPort(a))
	}
	o.Resolve = func(ctx context.Context, host string) ([]netip.Addr, error) {
		return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	}
	var d net.Dialer
	o.DialTCP = func(ctx context.Context, addr string) (net.Conn, error) { return d.DialContext(ctx, "tcp", addr) }
	if at.Addr().IsUnspecified() {
		own, err := addresses()
		if err != nil {
			return nil, err
		}
		o.Addresses, o.Advertise = addresses, announced(own, at.Port())
	}
	return o, nil
}

// network keeps a socket in the family of its address: 0.0.0.0 alone would open
// IPv6 as well.
func network(name string, a netip.Addr) string {
	if a.Is4() {
		return name + "4"
	}
	return name + "6"
}

// listenUnix opens a local socket that only its owner may use. The data folder
// is locked by now, so a socket left there belongs to nobody.
func listenUnix(path string) (net.Listener, error) {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("cannot listen on %s: %w", path, err)
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, fmt.Errorf("cannot listen on %s: %w; a path over 107 bytes is too long for a socket", path, err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, errors.Join(fmt.Errorf("cannot protect %s: %w", path, err), l.Close())
	}
	return l, nil
}

// ownAddress finds the address that people can type when we listen on all.
func ownAddress(port uint16) (netip.AddrPort, error) {
	own, err := addresses()
	if err == nil && len(own) == 0 {
		err = errors.New("this machine has no address but loopback")
	}
	if err != nil {
		return netip.AddrPort{}, err
	}
	return announced(own, port), nil
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
