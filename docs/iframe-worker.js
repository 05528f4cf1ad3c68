// Browsers start no worker from a file, and the search runs in one. On a site that is opened as files, and only there,
// its script runs in a hidden frame instead.
if (location.protocol === "file:") {
  window.Worker = class extends EventTarget {
    constructor(url) {
      super()
      const frame = document.createElement("iframe")
      frame.hidden = true
      document.body.append(frame)
      this.frame = frame.contentWindow
      const script = this.frame.document.createElement("script")
      script.src = new URL(url, location)
      this.ready = new Promise(done => script.addEventListener("load", done))
      this.frame.postMessage = data => this.dispatchEvent(new MessageEvent("message", { data }))
      this.frame.document.head.append(script)
    }
    postMessage(data) {
      this.ready.then(() => this.frame.dispatchEvent(new MessageEvent("message", { data })))
    }
  }
}
