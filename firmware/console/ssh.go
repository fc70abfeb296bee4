package console

import (
	"context"
	"fmt"

	"github.com/centralita/centralita/firmware/tel"
)

// SSH is what is to be known of the way in over SSH.
type SSH struct {
	On          bool   `json:"on"`
	Addr        string `json:"addr,omitempty"`        // where it listens, or is to
	Fingerprint string `json:"fingerprint,omitempty"` // of the host key: what ssh shows at the first visit
	Why         string `json:"why,omitempty"`         // it is off
}

// sshCommands are those about SSH.
var sshCommands = []command{
	{"ssh", "", "si se puede entrar por SSH, y la huella", "whether SSH is on, and the fingerprint", 0, 0, false, tel.AgentRole, "--json", showSSH},
}

// showSSH says whether SSH is on and by what to know the box.
func showSSH(_ context.Context, s *session) int {
	if s.c.d.SSH == nil {
		return s.stopped()
	}
	d := s.c.d.SSH()
	switch {
	case s.r.json:
		s.json(d)
	case d.On:
		s.line(fmt.Sprintf(s.t("SSH en %s, solo con clave pública: ssh NOMBRE@ESTA-CAJA", "SSH at %s, by public key only: ssh NAME@THIS-BOX"), d.Addr))
		s.line(s.t("Huella: ", "Fingerprint: ") + d.Fingerprint)
	default:
		s.wrap("", "  ", fmt.Sprintf(s.t("SSH está apagado: %s", "SSH is off: %s"), safe(s.plain(d.Why))))
	}
	return Fine
}
