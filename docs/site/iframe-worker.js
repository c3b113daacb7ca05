// A Worker for pages that are opened from disk, where browsers refuse real ones: the script runs in
// a hidden frame. It has what the site's search uses: postMessage() and message events, both ways.
// Pages that a server sends keep the browser's Worker. The search's script looks for this name.
"use strict";

class IFrameWorker extends EventTarget {
    constructor(url) {
        super();
        this.waiting = [];
        this.frame = document.createElement("iframe");
        this.frame.hidden = true;
        document.body.appendChild(this.frame);
        const inner = this.frame.contentWindow;
        const script = inner.document.createElement("script");
        script.src = new URL(url, document.baseURI).href;
        // within the frame, postMessage() sends to us
        inner.postMessage = data => {
            const event = new MessageEvent("message", { data });
            this.dispatchEvent(event);
            if (typeof this.onmessage === "function")
                this.onmessage(event);
        };
        inner.importScripts = (...urls) => urls.reduce(
            (before, each) => before.then(() => new Promise((resolve, reject) => {
                const imported = inner.document.createElement("script");
                imported.src = new URL(each, script.src).href;
                imported.onload = resolve;
                imported.onerror = reject;
                inner.document.body.appendChild(imported);
            })), Promise.resolve());
        script.onload = () => {
            this.inner = inner;
            for (const data of this.waiting.splice(0))
                this.postMessage(data);
        };
        inner.document.body.appendChild(script);
    }

    postMessage(data) {
        if (this.inner === undefined)
            this.waiting.push(data);
        else
            this.inner.dispatchEvent(new this.inner.MessageEvent("message", { data }));
    }

    terminate() {
        this.frame.remove();
    }
}

if (location.protocol === "file:") {
    window.IFrameWorker = IFrameWorker;
    window.Worker = IFrameWorker;
}
