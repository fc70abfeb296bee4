package console

import (
	"context"
	"slices"

	"github.com/centralita/centralita/firmware/tel"
)

// command is one row of the table.
type command struct {
	name    string // one or two words
	args    string // for people
	es, en  string
	least   int // arguments
	most    int
	offline bool     // the book is enough
	role    tel.Role // the least that may
	options string   // those that change something, beside --lang
	run     func(context.Context, *session) int
}

// commands is the table. Its order is that of the help. Each part of the house
// keeps its rows beside their functions.
var commands = slices.Concat(
	houseCommands,
	panelCommands,
	configCommands,
	netCommands,
	boxCommands,
	timeCommands,
	logCommands,
	supportCommands,
	backupCommands,
	peopleCommands,
	secretCommands,
	shellCommands,
	sshCommands,
	updateCommands,
)

// Names returns the commands that can be asked one by one, for a help text.
func Names() (names []string) {
	for i := range commands {
		if !inSession(&commands[i]) {
			names = append(names, commands[i].name)
		}
	}
	return names
}

// houseCommands show the house and order its people.
var houseCommands = []command{
	{"status", "", "cómo está la casa", "how the house is", 0, 0, false, tel.Nobody, "--json --check", showStatus},
	{"lines", "", "las líneas y troncales", "lines and trunks", 0, 0, false, tel.AgentRole, "--json", showLines},
	{"lines watch", "", "las líneas en vivo", "lines, live", 0, 0, false, tel.AgentRole, "--json --once", watchLines},
	{"board", "", "qué fue de cada puerto al arrancar", "what became of each port at the start", 0, 0, false, tel.AgentRole, "--json --check", showBoard},
	{"limits", "", "lo gastado hoy en llamadas externas", "what outside calls have used up today", 0, 0, false, tel.Supervisor, "--json", showLimits},
	{"line", "ID [VERB]", "una línea: prueba, captura, perfil…", "one line: test, capture, profile…", 1, 4, false, tel.Technician, "--json", doLine},
	{"queues", "", "las colas y quién espera", "queues and who waits", 0, 0, false, tel.AgentRole, "--json", showQueues},
	{"queue", "", "las colas y quién espera", "queues and who waits", 0, 0, false, tel.AgentRole, "--json", showQueues},
	{"agents", "", "los agentes", "agents", 0, 0, false, tel.AgentRole, "--json", showAgents},
	{"calls", "[N]", "las últimas N llamadas del libro", "the last N calls of the book", 0, 1, true, tel.Supervisor, "--json", showCalls},
	{"phones", "", "cuentas SIP para los teléfonos, con su clave", "SIP accounts for phones, with their secrets", 0, 0, false, tel.Owner, "--json", showPhones},
	{"phone", "EXT [messages N]", "un teléfono; avisa de N mensajes", "one phone; tell of N messages", 1, 3, false, tel.Technician, "--json", doPhone},
	{"book verify", "", "comprueba la cadena del libro", "check the chain of the book", 0, 0, true, tel.Technician, "--json", bookVerify},
	{"book tail", "[N]", "los últimos N hechos", "the last N events", 0, 1, true, tel.Technician, "--json", bookTail},
	{"book gap", "", "lo que cada enlace no ha recibido", "what each uplink has not received", 0, 0, false, tel.Technician, "--json --check", bookGap},
	{"book export", "csv|json [DAYS]", "las llamadas, todas o de los últimos días", "the calls, all or of the last days", 1, 2, true, tel.Supervisor, "", bookExport},
	{"panel", "", "el frente de la caja, en vivo", "the front of the box, live", 0, 0, false, tel.AgentRole, "--json --once", showPanel},
	{"agent login", "NAME [EXT]", "el agente ocupa su puesto", "the agent takes his place", 1, 2, false, tel.Supervisor, "", agentLogin},
	{"agent logout", "NAME", "el agente deja su puesto", "the agent leaves his place", 1, 1, false, tel.Supervisor, "", agentLogout},
	{"agent pause", "NAME [REASON]", "pausa al agente", "pause the agent", 1, 2, false, tel.Supervisor, "", agentPause},
	{"agent unpause", "NAME", "el agente vuelve a estar libre", "the agent is free again", 1, 1, false, tel.Supervisor, "", agentUnpause},
	{"schedule", "ID auto|open|closed", "interruptor de un horario", "night switch of a schedule", 2, 2, false, tel.Supervisor, "", setSchedule},
}
