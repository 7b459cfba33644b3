package fakeslack

// EntryMark is a journal entry that a test wrote; Type and Detail are its own.
const EntryMark = "mark"

// Mark writes a line into the journal: what a test did to the bot stands there
// in one order with what the bot did.
func (s *Server) Mark(kind, detail string) {
	s.lock.Lock()
	defer s.lock.Unlock()
	s.addEntry(Entry{Kind: EntryMark, Type: kind, Detail: detail})
}

// Length is the number of journal entries so far.
func (s *Server) Length() int {
	s.lock.Lock()
	defer s.lock.Unlock()
	return len(s.journal)
}
