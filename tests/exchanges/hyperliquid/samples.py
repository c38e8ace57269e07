"""Frames and replies as the venue sends them, one of each kind, so that tests need no recordings.

`FRAMES` and `REPLIES` are copied from recorded traffic or from the venue's documentation, with
addresses and hashes made short.
"""

ADDRESS = "0x14791697260e4c9a71f18484c9f997b308e59325"

FRAMES: dict[str, bytes] = {
    name: text.encode().replace(b"0xME", ADDRESS.encode())
    for name, text in {
        "subscribed": '{"channel":"subscriptionResponse","data":{"method":"subscribe","subscription":{"type":"userFills","user":"0xME","aggregateByTime":false}}}',
        "error": '{"channel":"error","data":"Already subscribed: {}"}',
        "pong": '{"channel":"pong"}',
        "allMids": '{"channel":"allMids","data":{"mids":{"BTC":"83757.5","ETH":"2400.05","@107":"40.01"}}}',
        "bbo": '{"channel":"bbo","data":{"coin":"BTC","time":1790358617881,"bbo":[{"px":"83757.0","sz":"22.61305","n":81},{"px":"83758.0","sz":"0.00016","n":1}]}}',
        "bbo, no asks": '{"channel":"bbo","data":{"coin":"BTC","time":1790358617881,"bbo":[{"px":"83757.0","sz":"22.61305","n":81},null]}}',
        "l2Book": '{"channel":"l2Book","data":{"coin":"BTC","time":1785251521889,"levels":[[{"px":"63460.0","sz":"0.02666","n":2}],[{"px":"63488.0","sz":"0.01246","n":2}]],"fast":true}}',
        "trades": '{"channel":"trades","data":[{"coin":"BTC","side":"B","px":"83770.0","sz":"0.00819","time":1790358604045,"hash":"0x00","tid":437413095582311,"users":["0xbuyer","0xseller"]}]}',
        "candle": '{"channel":"candle","data":{"t":1790358600000,"T":1790358659999,"s":"BTC","i":"1m","o":"83765.0","c":"83765.0","h":"83770.0","l":"83756.0","v":"0.3317","n":36}}',
        "activeAssetCtx": '{"channel":"activeAssetCtx","data":{"coin":"BTC","ctx":{"funding":"0.0000125","openInterest":"39338.76246","prevDayPx":"84086.0","dayNtlVlm":"3096053627.56","premium":"-0.0001348801","oraclePx":"83778.1","markPx":"83757.0","midPx":"83757.5","impactPxs":["83757.0","83766.8"],"dayBaseVlm":"36757.56691"}}}',
        "activeAssetCtx, empty book": '{"channel":"activeAssetCtx","data":{"coin":"XYZ","ctx":{"funding":"0.0","openInterest":"0.0","prevDayPx":"1.0","dayNtlVlm":"0.0","premium":null,"oraclePx":"1.0","markPx":"1.0","midPx":null,"impactPxs":null,"dayBaseVlm":"0.0"}}}',
        "activeSpotAssetCtx": '{"channel":"activeSpotAssetCtx","data":{"coin":"@107","ctx":{"prevDayPx":"39.1","dayNtlVlm":"8906.0","markPx":"40.01","midPx":"40.012","circulatingSupply":"1.0","coin":"@107"}}}',
        "order opened": '{"channel":"orderUpdates","data":[{"order":{"coin":"BTC","side":"B","limitPx":"31795.0","sz":"0.00037","oid":57118842019,"timestamp":1785261289146,"origSz":"0.00037","cloid":"0x6ef0cddc17303d07f3fd128d5b35071d"},"status":"open","statusTimestamp":1785261289146}]}',
        "order opened and filled": '{"channel":"orderUpdates","data":[{"order":{"coin":"BTC","side":"B","limitPx":"126192.0","sz":"5.0","oid":166873653063,"timestamp":1758238143369,"origSz":"5.0"},"status":"open","statusTimestamp":1758238143369},{"order":{"coin":"BTC","side":"B","limitPx":"126192.0","sz":"0.0","oid":166873653063,"timestamp":1758238143369,"origSz":"5.0"},"status":"filled","statusTimestamp":1758238143369}]}',
        "no fills yet": '{"channel":"userFills","data":{"isSnapshot":true,"user":"0xME","fills":[]}}',
        "fill": '{"channel":"userFills","data":{"user":"0xME","fills":[{"coin":"BTC","px":"31795.0","sz":"0.00016","side":"B","time":1785261290000,"startPosition":"0.0","dir":"Open Long","closedPnl":"0.0","hash":"0x01","oid":57118842019,"crossed":false,"fee":"0.000763","tid":123456789,"cloid":"0x6ef0cddc17303d07f3fd128d5b35071d","feeToken":"USDC","twapId":null}]}}',
        "user: fill": '{"channel":"user","data":{"fills":[{"coin":"ETH","px":"2321.2","sz":"0.0086","side":"B","time":1776756630725,"startPosition":"-0.0086","dir":"Close Short","closedPnl":"-0.04558","hash":"0xe2bb","oid":390478339309,"crossed":true,"fee":"0.008983","tid":462732459646712,"feeToken":"USDC","twapId":null}]}}',
        "user: funding": '{"channel":"user","data":{"funding":{"time":1790352000015,"coin":"ETH","usdc":"-3.625312","szi":"49.1477","fundingRate":"0.0000417","nSamples":null}}}',
        "user: liquidation": '{"channel":"user","data":{"liquidation":{"lid":123456,"liquidator":"0x02","liquidated_user":"0xME","liquidated_ntl_pos":"1234.5","liquidated_account_value":"12.3"}}}',
        "user: cancelled by the venue": '{"channel":"user","data":{"nonUserCancel":[{"coin":"ETH","oid":62014739273}]}}',
        "fundings": '{"channel":"userFundings","data":{"isSnapshot":true,"user":"0xME","fundings":[{"time":1790352000015,"coin":"ETH","usdc":"-3.625312","szi":"49.1477","fundingRate":"0.0000417","nSamples":null}]}}',
        "openOrders": '{"channel":"openOrders","data":{"dex":"","user":"0xME","orders":[{"coin":"ETH","side":"A","limitPx":"1980.0","sz":"0.0507","oid":62015425745,"timestamp":1791318606747,"triggerCondition":"Price above 2200","isTrigger":true,"triggerPx":"2200.0","children":[],"isPositionTpsl":false,"reduceOnly":true,"orderType":"Take Profit Market","origSz":"0.0507","tif":null,"cloid":null}]}}',
        "notification": '{"channel":"notification","data":{"notification":"hello"}}',
        "post: action": '{"channel":"post","data":{"id":256,"response":{"type":"action","payload":{"status":"ok","response":{"type":"order","data":{"statuses":[{"resting":{"oid":88383}}]}}}}}}',
        "post: error": '{"channel":"post","data":{"id":9,"response":{"type":"error","payload":"422 Unprocessable Entity: no"}}}',
    }.items()
}

_STATE = '{"marginSummary":{"accountValue":"38252.7","totalNtlPos":"377667.0","totalRawUsd":"-339414.3","totalMarginUsed":"37766.7"},"crossMarginSummary":{"accountValue":"38252.7","totalNtlPos":"377667.0","totalRawUsd":"-339414.3","totalMarginUsed":"37766.7"},"crossMaintenanceMarginUsed":"4720.8375","withdrawable":"486.0","assetPositions":[{"type":"oneWay","position":{"coin":"BTC","szi":"4.5","leverage":{"type":"cross","value":10},"entryPx":"81285.0","positionValue":"377667.0","unrealizedPnl":"11884.306507","returnOnEquity":"0.3249007326","liquidationPx":"74501.802790436","marginUsed":"37766.7","maxLeverage":40,"cumFunding":{"allTime":"982.43637","sinceOpen":"982.43637","sinceChange":"0.0"}}}],"time":1790360864964}'
_FRONTEND_ORDER = '{"coin":"ETH","side":"A","limitPx":"1980.0","sz":"0.0507","oid":62015425745,"timestamp":1791318606747,"triggerCondition":"Price above 2200","isTrigger":true,"triggerPx":"2200.0","children":[],"isPositionTpsl":false,"reduceOnly":true,"orderType":"Take Profit Market","origSz":"0.0507","tif":null,"cloid":null}'
_META = '{"universe":[{"szDecimals":5,"name":"BTC","maxLeverage":40,"marginTableId":56},{"szDecimals":4,"name":"ETH","maxLeverage":25,"marginTableId":55},{"szDecimals":2,"name":"ATOM","maxLeverage":5,"marginTableId":5},{"szDecimals":1,"name":"MATIC","maxLeverage":20,"marginTableId":20,"isDelisted":true},{"szDecimals":1,"name":"DYDX","maxLeverage":5,"marginTableId":5},{"szDecimals":2,"name":"SOL","maxLeverage":20,"marginTableId":54},{"szDecimals":0,"name":"kPEPE","maxLeverage":10,"marginTableId":52}],"marginTables":[[55,{"description":"tiered 25x","marginTiers":[{"lowerBound":"0.0","maxLeverage":25},{"lowerBound":"100000000.0","maxLeverage":15}]}]],"collateralToken":0}'
_SPOT_META = '{"universe":[{"tokens":[1,0],"name":"PURR/USDC","index":0,"isCanonical":true},{"tokens":[150,0],"name":"@107","index":107,"isCanonical":false}],"tokens":[{"name":"USDC","szDecimals":8,"weiDecimals":8,"index":0,"tokenId":"0x6d1e","isCanonical":true,"evmContract":null,"fullName":null,"deployerTradingFeeShare":"0.0"},{"name":"HYPE","szDecimals":2,"weiDecimals":8,"index":150,"tokenId":"0x0d01","isCanonical":false,"evmContract":null,"fullName":"Hyperliquid","deployerTradingFeeShare":"0.0"},{"name":"PURR","szDecimals":0,"weiDecimals":5,"index":1,"tokenId":"0xc1fb","isCanonical":true,"evmContract":null,"fullName":null,"deployerTradingFeeShare":"0.0"}]}'
_CTX = '{"funding":"0.0000125","openInterest":"39338.76246","prevDayPx":"84086.0","dayNtlVlm":"3096053627.56","premium":"-0.0001348801","oraclePx":"83778.1","markPx":"83757.0","midPx":"83757.5","impactPxs":["83757.0","83766.8"],"dayBaseVlm":"36757.56691"}'

REPLIES: dict[str, tuple[str, bytes]] = {
    name: (name.partition(":")[0], text.encode().replace(b"0xME", ADDRESS.encode()))
    for name, text in {
        "meta": _META,
        "spotMeta": _SPOT_META,
        "metaAndAssetCtxs": f"[{_META},[{_CTX}]]",
        "spotMetaAndAssetCtxs": f'[{_SPOT_META},[{{"prevDayPx":"39.1","dayNtlVlm":"8906.0","markPx":"40.01","midPx":"40.012","circulatingSupply":"1.5","coin":"@107","totalSupply":"2.5","dayBaseVlm":"3.5"}}]]',
        "allMids": '{"BTC":"83757.5","ETH":"2400.05","PURR/USDC":"0.16","@107":"40.012"}',
        "l2Book": '{"coin":"BTC","time":1790358575700,"levels":[[{"px":"83767.0","sz":"6.87634","n":45}],[{"px":"83768.0","sz":"0.30543","n":3}]]}',
        "l2Book: unknown coin": "null",
        "candleSnapshot": '[{"t":1790344800000,"T":1790348399999,"s":"BTC","i":"1h","o":"83912.0","c":"84010.0","h":"84039.0","l":"83133.0","v":"3997.94344","n":35095}]',
        "fundingHistory": '[{"coin":"BTC","fundingRate":"0.0000125","premium":"-0.0001875303","time":1790352000015}]',
        "clearinghouseState": _STATE,
        "spotClearinghouseState": '{"balances":[{"coin":"USDC","token":0,"total":"14.625485","hold":"0.0","entryNtl":"0.0"},{"coin":"HYPE","token":150,"total":"5.2","hold":"1.0","entryNtl":"75.4"},{"coin":"+10","total":"3.0","hold":"0.0"}]}',
        "openOrders": '[{"coin":"BTC","limitPx":"31795.0","oid":57118842019,"side":"B","sz":"0.00037","timestamp":1785261289146,"origSz":"0.00037","cloid":"0xa1f0cddc17303d07f3fd128d5b35071d","reduceOnly":true}]',
        "frontendOpenOrders": f"[{_FRONTEND_ORDER}]",
        "orderStatus": f'{{"status":"order","order":{{"order":{_FRONTEND_ORDER},"status":"reduceOnlyCanceled","statusTimestamp":1791318606747}}}}',
        "orderStatus: unknown": '{"status":"unknownOid"}',
        "historicalOrders": f'[{{"order":{_FRONTEND_ORDER},"status":"iocCancelRejected","statusTimestamp":1755863118217}}]',
        "userFills": '[{"coin":"BTC","px":"66653.0","sz":"0.001","side":"A","time":1781528065899,"startPosition":"-0.0213","dir":"Open Short","closedPnl":"0.0","hash":"0xe29f","oid":55030848197,"crossed":false,"fee":"0.009997","tid":745210434703679,"cloid":"0xe8d5fd7ebbb4c3cff4d1803472a11463","feeToken":"USDC","twapId":null}]',
        "userFunding": '[{"time":1681948800000,"hash":"0x02","delta":{"type":"funding","coin":"ETH","usdc":"-3.625312","szi":"49.1477","fundingRate":"0.0000417","nSamples":null}}]',
        "userNonFundingLedgerUpdates": '[{"time":1731999196516,"hash":"0x03","delta":{"type":"deposit","usdc":"2703997.4500000002"}}]',
        "userRateLimit": '{"cumVlm":"2854574.593578","nRequestsUsed":2890,"nRequestsCap":2864574,"nRequestsSurplus":0}',
        "userFees": '{"dailyUserVlm":[],"feeSchedule":{"cross":"0.00045","add":"0.00015"},"userCrossRate":"0.000315","userAddRate":"0.000105","userSpotCrossRate":"0.00049","userSpotAddRate":"0.00028","activeReferralDiscount":"0.0"}',
        "activeAssetData": '{"user":"0xME","coin":"ETH","leverage":{"type":"cross","value":3},"maxTradeSzs":["24836.3","24836.3"],"availableToTrade":["37019.4","37019.4"],"markPx":"4.4716"}',
        "userRole": '{"role":"agent","data":{"user":"0xME"}}',
        "extraAgents": '[{"name":"nimbus","address":"0xME","validUntil":1796556035553}]',
        "userAbstraction": '"unifiedAccount"',
        "exchangeStatus": '{"specialStatuses":null,"time":1790358617881}',
    }.items()
}
