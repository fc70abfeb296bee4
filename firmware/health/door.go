package health

import (
	"fmt"
	"net/netip"
	"time"

	"github.com/centralita/centralita/firmware/view"
)

// CertificateDated is the condition of a certificate of the site that is over, or
// soon will be.
func CertificateDated(file string, until time.Time, over bool) Condition {
	day := until.Format(time.DateOnly)
	c := Condition{
		ID: "certificate", Rank: view.Attention,
		ES: "El certificado caduca", EN: "The certificate runs out",
		HintES: fmt.Sprintf("%s vale hasta el %s. Ponga otro.", file, day), HintEN: fmt.Sprintf("%s is good until %s. Put another there.", file, day),
	}
	if over {
		c.ES, c.EN = "Certificado caducado", "Certificate expired"
		c.HintES = fmt.Sprintf("%s acabó el %s. Ponga otro.", file, day)
		c.HintEN = fmt.Sprintf("%s ended on %s. Put another there.", file, day)
	}
	return c
}

// CertificateBad is the condition of a certificate that cannot be used. own says that
// the box's own key is at fault, so that no page is served over TLS.
func CertificateBad(err error, own bool) Condition {
	c := Condition{
		ID: "certificate", Rank: view.Attention,
		ES: "Certificado inservible", EN: "Certificate cannot be used",
		HintES: fmt.Sprintf("Mientras, el propio de la central. %s.", err), HintEN: fmt.Sprintf("Meanwhile the box's own. %s.", err),
	}
	if own {
		c.ES, c.EN = "Sin páginas https", "No https pages"
		c.HintES, c.HintEN = fmt.Sprintf("Las llamadas siguen. %s.", err), fmt.Sprintf("Calls go on. %s.", err)
	}
	return c
}

// AccountsBad is the condition of accounts that cannot be read.
func AccountsBad() Condition {
	return Condition{
		ID: "accounts", Rank: view.Attention,
		ES: "Nadie puede entrar", EN: "Nobody can enter",
		HintES: "access.json está dañado. Restaure una copia. Las llamadas siguen.", HintEN: "access.json is damaged. Restore a backup. Calls go on.",
	}
}

// Unreachable is the condition of an address at which the house listens and which the
// machine does not have: it has no lease yet, or another, or the address is mistyped.
func Unreachable(at netip.Addr) Condition {
	return Condition{
		ID: "listen", Rank: view.Attention,
		ES: "Escucha en " + at.String() + ", que este equipo no tiene", EN: "Listens at " + at.String() + ", which this machine does not have",
		HintES: "Vea cable y net show, o corrija listen. Si llega, contesta sola.", HintEN: "Look at cable and net show, or correct listen. It answers once there.",
	}
}
