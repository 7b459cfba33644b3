// Package judge reads what the two fakes wrote down in a round of package
// chaos, and names every promise that the bot broke.
//
// [Read] makes a [History] of the journals. [Judge] is a pure function of it:
//
//	h := judge.Read(setting, slack, uipath)
//	for _, violation := range judge.Judge(h) {
//		fmt.Println(violation)
//	}
//
// A violation names its [Rule] and shows the journal lines as proof. A round waits
// for what [History.Missing] lists: the bot still owes it.
//
// The judge goes by the metadata of messages. phrases.go holds all words it reads
// besides. In doubt the judge decides for the bot: an edit by hand between the
// bot's read and its write, for example, is in no journal.
package judge
