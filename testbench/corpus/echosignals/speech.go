package echosignals

import (
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// Talkers are voices of espeak-ng, two a language.
var Talkers = []string{"es+m3", "en+f2", "es+f4", "en+m7"}

var texts = map[string]string{
	"es": `Buenos días, le atiende la centralita de la oficina. Quería preguntar por el pedido de la semana pasada,
porque todavía no ha llegado y el cliente llama cada mañana. Sí, un momento, por favor, lo miro ahora mismo.
Aquí lo tengo: salió el jueves del almacén y debería estar en la calle Mayor mañana antes de las once.
Muchas gracias, es usted muy amable. ¿Podría enviarme también la factura por correo? Claro que sí.
El número de cuenta es cuatro, ocho, quince, dieciséis, veintitrés y cuarenta y dos.`,
	"en": `Good morning, you are speaking with the office. I wanted to ask about the order from last week, because it has
not arrived yet and the customer calls every morning. Just a moment please, let me have a look. Here it is: it left
the warehouse on Thursday and should be at High Street tomorrow before eleven. Thank you very much, that is kind.
Could you send me the invoice by mail as well? Of course I can. The account number is four, eight, fifteen,
sixteen, twenty-three and forty-two.`,
}

// Speech lets a talker read in its language for n samples, over again where
// the text is too short, at an active level in dBm0. The sound is made in the
// folder dir. It needs espeak-ng and sox and says so when they are missing.
func Speech(dir, talker string, n int, dbm0 float64) ([]float64, error) {
	text, ok := texts[talker[:2]]
	if !ok {
		return nil, fmt.Errorf("cannot speak as %s: no text in that language", talker)
	}
	wav, raw := filepath.Join(dir, talker+".wav"), filepath.Join(dir, talker+".raw")
	if _, err := os.Stat(raw); err != nil {
		if out, err := exec.Command("espeak-ng", "-v", talker, "-w", wav, text).CombinedOutput(); err != nil {
			return nil, fmt.Errorf("cannot speak as %s: %w: %s (is espeak-ng installed?)", talker, err, out)
		}
		cmd := exec.Command("sox", "-D", wav, "-t", "raw", "-r", "8000", "-e", "signed", "-b", "16", "-c", "1", raw)
		if out, err := cmd.CombinedOutput(); err != nil {
			return nil, fmt.Errorf("cannot bring %s to 8 kHz: %w: %s (is sox installed?)", wav, err, out)
		}
	}
	b, err := os.ReadFile(raw)
	if err != nil {
		return nil, fmt.Errorf("cannot read the voice of %s: %w", talker, err)
	}
	if len(b) < 2*8000 {
		return nil, fmt.Errorf("cannot use the voice of %s: %d bytes, too short", talker, len(b))
	}
	said := make([]float64, len(b)/2)
	for i := range said {
		said[i] = float64(int16(binary.LittleEndian.Uint16(b[2*i:])))
	}
	out := make([]float64, n)
	for at := 0; at < n; at += len(said) {
		copy(out[at:], said)
	}
	Level(out, dbm0)
	return out, nil
}
