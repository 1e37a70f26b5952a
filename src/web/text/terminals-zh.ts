/** What the page of terminals says, in Chinese. */
export const terminalsZh = {
  terminals: {
    title: "终端",
    status: { waiting: "待审核", accepted: "已准入", refused: "已拒绝" },
    search: "终端号、车牌或终端 ID 的一部分",
    waitingCount: (count: number) => `${count} 个终端待审核`,
    failed: "终端列表读取失败",

    none: { waiting: "没有终端待审核", accepted: "没有已准入的终端", refused: "没有被拒绝的终端" },
    noneHint: {
      waiting: "以 --admission listed 运行时，未登记的终端注册后在此等候；以 open 运行时直接接入。",
      accepted: "终端注册并经准入后列在这里。",
      refused: "被拒绝的终端列在这里，可以改为准入。",
    },
    noMatch: "没有符合条件的终端",
    noMatchHint: "写短一些，或换一个状态。",
    waited: (time: string) => `已等 ${time}`,
    registered: (time: string) => `${time} 注册`,
    from: (address: string) => `来自 ${address}`,
    fromUnknown: "来源地址未记录",
    says: "终端自报，未核实",
    noPlate: "未报车牌",
    maker: (maker: string, model: string, id: string) => `${maker} · ${model} · ID ${id}`,
    makerHint: "制造商 · 型号 · 终端 ID",
    online: "在线",
    offline: "离线",
    accept: "准入",
    acceptAfterAll: "改为准入",
    refuse: "拒绝",
    revoke: "作废接入码",
    cancel: "取消",
    confirm: { refuse: "确认拒绝", "revoke-code": "确认作废" },
    effect: {
      refuse: "立即断开，此后不能注册、不能接入，直到改为准入。它的车辆不再有新定位；已有轨迹与锁定不变。",
      "revoke-code":
        "立即断开，现在的接入码不再有效。终端仍在准入名单：重新注册会得到新码并恢复接入。要让它不能再来，请用“拒绝”。",
    },
    done: {
      accept: (name: string) => `已准入 ${name}，它下次注册时得到接入码`,
      refuse: (name: string) => `已拒绝 ${name}，它不能接入`,
      "revoke-code": (name: string) => `${name} 的接入码已作废，连接已断开`,
    },
  },
};
