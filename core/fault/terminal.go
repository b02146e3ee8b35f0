package fault

// Why a terminal does not take a payment, or prints nothing. The payer has seen
// nothing of it.
const (
	UnavailableTerminal     = "unavailable.terminal"      // it cannot be reached
	UnavailableTerminalBusy = "unavailable.terminal.busy" // it has a payment already
	UnavailableTerminalOff  = "unavailable.terminal.off"  // it is switched off
)
